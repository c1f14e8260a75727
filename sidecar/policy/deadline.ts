import type { Layer } from "../stack/call.ts";
import type { Sweep } from "../stack/sweep.ts";

/**
 * Cancels a call when its time is used up. The clock starts when the request has come in full (as Envoy's route
 * `timeout` does) and stops at the head of the answer: bodies are under the idle limit.
 */
export const deadline =
  (sweep: Sweep): Layer =>
  (inner) =>
  (call) => {
    const { timeoutMs } = call.head;
    if (timeoutMs === Number.POSITIVE_INFINITY) return inner(call);
    if (Number.isFinite(call.dueAt)) sweep.add(call);
    else
      call.onRequestEnded = () => {
        call.dueAt = sweep.now() + timeoutMs;
        sweep.add(call);
      };
    return inner(call).then((outcome) => {
      call.onRequestEnded = undefined;
      sweep.delete(call);
      return outcome;
    });
  };
