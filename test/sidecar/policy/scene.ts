import { NO_BODY } from "../../../sidecar/stack/body.ts";
import type { Service } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome, type Replied } from "../../../sidecar/stack/outcome.ts";
import { Sweep } from "../../../sidecar/stack/sweep.ts";

export const replied: Replied = {
  ...{ kind: "replied", status: 200, reason: "OK", headers: "", body: NO_BODY, instance: "o1" },
};

/** The code of the mesh, or the status of the app. */
export const codeOf = (outcome: Outcome) => (outcome.kind === "replied" ? outcome.status : outcome.code);

/** A sweep whose clock passes when a test says so. */
export const time = () => {
  let now = 0;
  const sweep = new Sweep(() => now);
  const pass = async (ms: number) => {
    now += ms;
    sweep.tick();
    await new Promise(setImmediate);
  };
  return { sweep, pass };
};

/** Answers when the call is cancelled, as a leaf must. */
export const slow: Service = (call) =>
  new Promise((resolve) => {
    call.onCancel = (code) => resolve(failed(code, "unknown", "ended"));
  });

/** Whether it has an outcome by now. */
export const isPending = async (outcome: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([outcome, new Promise((resolve) => setImmediate(resolve, "pending"))])) === "pending";
