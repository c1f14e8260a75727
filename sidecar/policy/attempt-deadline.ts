import type { Call, Layer } from "../stack/call.ts";
import { failed } from "../stack/outcome.ts";
import type { Sweep, Timed } from "../stack/sweep.ts";

/**
 * Gives each attempt a time of its own (Gateway API `timeouts.backendRequest`, Envoy's `per_try_timeout`); the call goes
 * on with what is left of its own time. Like that of the call, the clock starts at the end of the request and stops
 * at the head of the answer.
 */
export const attemptDeadline =
  (ms: number, sweep: Sweep): Layer =>
  (inner) =>
  async (call) => {
    const limit = new AttemptLimit(call, ms, sweep);
    const outcome = await inner(call);
    const isNearest = call.attemptDueAt < call.dueAt;
    limit.end();
    const timedOut = outcome.kind === "failed" && outcome.code === "deadline";
    // The callee was told the nearer of both times, and may be the first to find it past.
    if (timedOut && isNearest && call.cancelled === undefined)
      return failed("attempt-timeout", outcome.delivered, outcome.message);
    return outcome;
  };

class AttemptLimit implements Timed {
  dueAt = Number.POSITIVE_INFINITY;
  sweepSlot = -1;
  readonly #call: Call;
  readonly #ms: number;
  readonly #sweep: Sweep;
  readonly #whenRequestEnded: (() => void) | undefined;

  constructor(call: Call, ms: number, sweep: Sweep) {
    this.#call = call;
    this.#ms = ms;
    this.#sweep = sweep;
    const before = call.onRequestEnded;
    this.#whenRequestEnded = before;
    if (call.head.body.complete || call.head.upgrade !== undefined) this.#start();
    else
      call.onRequestEnded = () => {
        before?.();
        this.#start();
      };
  }

  due(): void {
    // Not `Call.cancel`: only the attempt ends.
    this.#call.onCancel?.("attempt-timeout");
  }

  end(): void {
    this.#sweep.delete(this);
    this.#call.attemptDueAt = Number.POSITIVE_INFINITY;
    this.#call.onRequestEnded = this.#whenRequestEnded;
  }

  #start(): void {
    this.dueAt = this.#sweep.now() + this.#ms;
    this.#call.attemptDueAt = this.dueAt;
    this.#sweep.add(this);
  }
}
