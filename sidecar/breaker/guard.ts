import type { Breaker, EjectionReason } from "./breaker.ts";
import { Hints } from "./hints.ts";
import type { Verdict } from "./verdict.ts";

/** `ejected` gets no calls for a time, `probing` has one call that tries it. */
export type GuardState = "admitting" | "ejected" | "probing";

/** A probe that has not ended after so long is given up, and the next call is one. */
export const PROBE_MS = 10_000;

/** A penalty is up to so much longer, by chance: those ejected together shall not come back together. */
const JITTER = 0.5;

export interface GuardOptions {
  readonly breaker: Breaker;
  readonly minPenaltyMs: number;
  readonly maxPenaltyMs: number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** The state is another. */
  readonly changed: () => void;
  readonly ejected: (reason: EjectionReason, forMs: number) => void;
}

/**
 * What follows from a breaker's word: an ejection for a time that doubles, then one real call as a probe, whose end
 * decides. It doubles from ejection to ejection until there was as long a time without a failure (Linkerd's failure
 * accrual with exponential backoff). Times are in ms of the monotonic clock.
 */
export class Guard {
  readonly #options: GuardOptions;
  readonly hints = new Hints();
  state: GuardState = "admitting";
  /** Of the ejection or the probe. */
  until = 0;
  ejections = 0;
  #doublings = 0;
  #penaltyMs = 0;
  #quietSince = 0;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Whether a call may be sent: by rule, or as the next probe. */
  admits(now: number): boolean {
    return this.state === "admitting" || now >= this.until;
  }

  /** A call is sent. True when it is the probe; that has to be told again at its end. */
  began(now: number): boolean {
    if (this.state === "admitting" || now < this.until) return false;
    this.#become("probing", now + PROBE_MS);
    return true;
  }

  ended(verdict: Verdict, now: number, isProbe: boolean): void {
    const { breaker } = this.#options;
    if (this.state === "admitting") {
      if (verdict === "success") breaker.succeeded(now);
      else if (verdict !== "none") this.#failed(verdict, now);
    } else if (isProbe && this.state === "probing") this.#probed(verdict, now);
    // All others began before the ejection, or in need: the probe decides.
  }

  #failed(verdict: "failure" | "outrun", now: number): void {
    const { breaker } = this.#options;
    const hinted = this.hints.areHeard(now);
    if (now - this.#quietSince >= this.#penaltyMs) this.#doublings = 0;
    // Who is outrun now and then is as quiet as anybody.
    if (verdict === "failure") this.#quietSince = now;
    const reason = verdict === "failure" ? breaker.failed(now, hinted) : breaker.outrun(now, hinted);
    if (reason !== undefined) this.#eject(reason, now);
  }

  #probed(verdict: Verdict, now: number): void {
    // One that hangs may have a hedge to its probe: it must not get another probe at once.
    if (verdict === "failure" || verdict === "outrun") this.#eject("probe-failed", now);
    else if (verdict === "success") {
      this.#options.breaker.reset();
      this.#quietSince = now;
      this.#become("admitting", 0);
    } else this.#become("ejected", now);
  }

  #eject(reason: EjectionReason, now: number): void {
    const { minPenaltyMs, maxPenaltyMs, random, ejected } = this.#options;
    const plainMs = minPenaltyMs * 2 ** this.#doublings;
    this.#penaltyMs = Math.min(maxPenaltyMs, plainMs * (1 + JITTER * random()));
    // Once the longest is reached, more would only overflow.
    if (plainMs < maxPenaltyMs) this.#doublings++;
    this.ejections++;
    this.#become("ejected", now + this.#penaltyMs);
    ejected(reason, this.#penaltyMs);
  }

  #become(state: GuardState, until: number): void {
    this.state = state;
    this.until = until;
    this.#options.changed();
  }
}
