import type { Call } from "../stack/call.ts";
import { type Outcome, statusOf } from "../stack/outcome.ts";

/**
 * Keeps what an attempt came to that is not the call's answer, for whoever asks why the call took so long.
 * @param startedAt in ms of the monotonic clock
 * @param ms how long it took
 */
export function noteAttempt(
  call: Call,
  instance: string,
  outcome: Outcome,
  startedAt: number,
  ms: number,
): void {
  const code = outcome.kind === "replied" ? "" : outcome.code;
  call.earlier ??= [];
  const afterMs = startedAt - call.startedAt;
  call.earlier.push({ instance, code, status: statusOf(outcome), afterMs, ms });
}
