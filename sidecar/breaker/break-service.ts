import type { Layer } from "../stack/call.ts";
import type { Refused } from "../stack/outcome.ts";
import type { Guard } from "./guard.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/**
 * Refuses calls to a service that fails all of them, but for a probe now and then: a caller of a dead service answers
 * at once, and the dead service gets the rest that it needs. Around all attempts: it judges how calls end.
 * @param guard of the service, shared by all its rules
 * @param refusal what a call is answered with; told the ms until the next probe
 * @param now ms of the monotonic clock
 */
export const breakService =
  (guard: Guard, refusal: (retryAfterMs: number) => Refused, now: () => number): Layer =>
  (inner) =>
  async (call) => {
    const startedAt = now();
    if (!guard.admits(startedAt)) return refusal(guard.until - startedAt);
    const isProbe = guard.began(startedAt);
    let verdict: Verdict = "none";
    try {
      const outcome = await inner(call);
      verdict = verdictOf(outcome);
      return outcome;
    } finally {
      // Also after a bug: a probe that was not counted off would hold up the next one.
      guard.ended(verdict, now(), isProbe);
    }
  };
