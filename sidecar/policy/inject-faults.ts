import type { Call, Layer } from "../stack/call.ts";
import type { CallEvent } from "../stack/marks.ts";
import { refused } from "../stack/outcome.ts";
import type { Sweep } from "../stack/sweep.ts";
import { endedWaiting, Wait } from "./wait.ts";

/** Trouble on purpose, for a share of the calls that it is about. Envoy's HTTP fault filter, Istio's `fault`. */
export interface Fault {
  /** Undefined for every call. */
  readonly concerns: ((call: Call) => boolean) | undefined;
  readonly delay: { readonly percent: number; readonly ms: number } | undefined;
  readonly abort: { readonly percent: number; readonly status: number } | undefined;
}

/**
 * Delays and aborts calls by the first fault that is about them, and marks them as injected: each is an event of the call, too. Delay and abort are drawn
 * independently, the delay comes first, as in Envoy. The time of the delay is the call's own: a deadline may end it.
 * @param random from 0 to below 1
 */
export const injectFaults =
  (faults: readonly Fault[], random: () => number, sweep: Sweep): Layer =>
  (inner) =>
  async (call) => {
    const fault = faults.find(({ concerns }) => concerns === undefined || concerns(call));
    if (fault === undefined) return inner(call);
    const { delay, abort } = fault;
    if (delay !== undefined && drawn(delay.percent, random)) {
      mark(call, "delay", { ms: delay.ms });
      const how = await new Wait(call, sweep, delay.ms).ended;
      if (how !== "over" && how !== "woken")
        return endedWaiting(call, how, sweep.now(), `in an injected delay of ${delay.ms} ms`);
    }
    if (abort === undefined || !drawn(abort.percent, random)) return inner(call);
    mark(call, "abort", { code: "fault", status: abort.status });
    call.head.body.abandon("fault");
    return { ...refused("fault", `policy answers for ${call.callee}`), status: abort.status };
  };

const drawn = (percent: number, random: () => number): boolean => random() * 100 < percent;

function mark(call: Call, what: "delay" | "abort", event: CallEvent): void {
  call.injected = call.injected === "" ? what : `${call.injected},${what}`;
  call.onEvent?.("fault", event);
}
