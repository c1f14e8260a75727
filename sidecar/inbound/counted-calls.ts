import type { Demand } from "../../src/control/rate/divide.ts";

/** A rate of calls means nothing before so long. */
const LEAST_MS = 1000;

/** How many calls come, and how many of them are let through, as an average that forgets. */
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
    const faded = Math.exp(-passedMs / overMs);
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
}
