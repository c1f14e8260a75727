/** So many calls in a time, and so many of them at once after a pause. */
export interface Rate {
  readonly requests: number;
  readonly intervalMs: number;
  readonly burst: number;
}

/**
 * The generic cell rate algorithm (ITU-T I.371): it keeps one number, the time at which a steady sender would come next.
 * Who comes earlier than that by more than the burst allows is turned away, at no cost to the others.
 */
export class Gcra {
  readonly #everyMs: number;
  readonly #earlyMs: number;
  #expectedAt = Number.NEGATIVE_INFINITY;

  constructor({ requests, intervalMs, burst }: Rate) {
    this.#everyMs = intervalMs / requests;
    this.#earlyMs = (burst - 1) * this.#everyMs;
  }

  /**
   * Takes one call if it is in time.
   * @param now monotonic, in ms
   * @returns 0, or the ms after which it would be
   */
  take(now: number): number {
    const waitMs = this.#expectedAt - this.#earlyMs - now;
    // Sums of many small fractions: a millionth of a millisecond is not early.
    if (waitMs > 1e-6) return waitMs;
    this.#expectedAt = Math.max(this.#expectedAt, now) + this.#everyMs;
    return 0;
  }
}
