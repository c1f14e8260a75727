import type { Plan } from "../../sidecar/outbound/plans.ts";
import { NO_BODY, wholeBody } from "../../sidecar/stack/body.ts";
import { Call } from "../../sidecar/stack/call.ts";
import type { Outcome } from "../../sidecar/stack/outcome.ts";
import type { Target } from "../../src/subjects/subjects.ts";
import { SERVICE } from "./plan-of.ts";

const ANY: Target = { kind: "any" };

/** What the end of a stack answers at once. */
export const OUTCOME: Promise<Outcome> = Promise.resolve({
  kind: "replied",
  status: 200,
  reason: "OK",
  headers: "content-type: application/json\r\ncontent-length: 0\r\ncache-control: no-store\r\n",
  body: wholeBody(),
  instance: "i",
});

/** The call that a request becomes. Field by field: a spread would take more time than what is measured. */
export const callFor = ({ method, path, headers }: Parameters<Plan>[0], now = 0, timeoutMs = 15_000): Call =>
  new Call(
    {
      caller: "web",
      callee: SERVICE,
      target: ANY,
      method,
      path,
      headers,
      body: NO_BODY,
      upgrade: undefined,
      timeoutMs,
    },
    now,
  );
