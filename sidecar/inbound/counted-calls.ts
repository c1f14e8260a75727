import type { Demand } from "../../src/control/rate/divide.ts";

/** A rate of calls means nothing before so long. */
const LEAST_MS = 1000;
/** And what comes in a shorter time says nothing of a change. */
const LEAST_JUDGED_MS = 250;
/** Calls that come at random differ from their mean by more than so many standard deviations once in 400 times. */
const MOST_DEVIATIONS = 3;

/**
 * How many calls come, and how many of them are let through: an average over a while, so that chance has little part in
 * it, that begins anew when the calls are clearly more or fewer than before.
 */
export class CountedCalls {
  #readAt: number;
  /** Since it was last read. */
  #offered = 0;
  #admitted = 0;
  /** What it was before, with its time; all three fade at the same pace. */
  #pastOffered = 0;
  #pastAdmitted = 0;
  #pastMs = 0;
  readonly #since: number;

  /** @param now monotonic, in ms */
  constructor(now: number) {
    this.#since = now;
    this.#readAt = now;
  }

  count(admitted: boolean): void {
    this.#offered++;
    if (admitted) this.#admitted++;
  }

  /**
   * In calls a second; undefined when it has not counted for long enough.
   * @param overMs what is so old counts for a third
   */
  read(now: number, overMs: number): Demand | undefined {
    const passedMs = now - this.#readAt;
    const faded = this.#isAnother(passedMs) ? 0 : Math.exp(-passedMs / overMs);
    this.#readAt = now;
    this.#pastMs = this.#pastMs * faded + passedMs;
    this.#pastOffered = this.#pastOffered * faded + this.#offered;
    this.#pastAdmitted = this.#pastAdmitted * faded + this.#admitted;
    this.#offered = 0;
    this.#admitted = 0;
    if (now - this.#since < LEAST_MS) return undefined;
    const perSecond = 1000 / this.#pastMs;
    return { offered: this.#pastOffered * perSecond, admitted: this.#pastAdmitted * perSecond };
  }

  #isAnother(passedMs: number): boolean {
    if (this.#pastMs === 0 || passedMs < LEAST_JUDGED_MS) return false;
    const expected = (this.#pastOffered / this.#pastMs) * passedMs;
    // For a few calls the square root says too little.
    return Math.abs(this.#offered - expected) > MOST_DEVIATIONS * (Math.sqrt(expected) + 1);
  }
}
