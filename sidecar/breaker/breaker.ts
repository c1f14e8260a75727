/** Why an endpoint was ejected; a label of metrics. */
export type EjectionReason = "consecutive-failures" | "success-rate" | "probe-failed";

/**
 * Says when it is enough; what follows from that is the guard's. It is told how each call ended, while the endpoint
 * admits calls. Times are in ms of the monotonic clock.
 */
export interface Breaker {
  succeeded(now: number): void;
  /**
   * @param hinted other callers have trouble with it, too: less is enough
   * @returns why it is enough; undefined while it is not
   */
  failed(now: number, hinted: boolean): EjectionReason | undefined;
  /** The same, of a call that was given up because another instance was faster (`Verdict`). */
  outrun(now: number, hinted: boolean): EjectionReason | undefined;
  /** Forgets what was. */
  reset(): void;
}

/** So many failures are enough when other callers have trouble with the same endpoint. */
export const HINTED_FAILURES = 3;

/** Ejects when one of several would. */
export function anyOf(breakers: readonly Breaker[]): Breaker {
  // Each has to hear of it.
  const told = (tell: (breaker: Breaker) => EjectionReason | undefined): EjectionReason | undefined => {
    let reason: EjectionReason | undefined;
    for (const breaker of breakers) reason = tell(breaker) ?? reason;
    return reason;
  };
  return {
    succeeded(now) {
      for (const breaker of breakers) breaker.succeeded(now);
    },
    failed: (now, hinted) => told((breaker) => breaker.failed(now, hinted)),
    outrun: (now, hinted) => told((breaker) => breaker.outrun(now, hinted)),
    reset() {
      for (const breaker of breakers) breaker.reset();
    },
  };
}
