/** Finagle's and Linkerd's default: a peak is forgotten by two thirds in so long. */
const DECAY_MS = 10_000;

/**
 * How long an endpoint takes, in ms: a moving average over time that jumps to each peak and comes down slowly (Finagle's
 * peak EWMA). Silence brings it down, too, so that an endpoint that was slow is asked again.
 */
export class PeakLatency {
  #ms: number;
  #at: number;

  /** @param ms what is assumed before anything is known */
  constructor(ms: number, now: number) {
    this.#ms = ms;
    this.#at = now;
  }

  at(now: number): number {
    return this.#ms * Math.exp((this.#at - now) / DECAY_MS);
  }

  observe(ms: number, now: number): void {
    const before = this.#ms;
    this.#ms = ms >= before ? ms : ms + (before - ms) * Math.exp((this.#at - now) / DECAY_MS);
    this.#at = now;
  }

  /** Forgets what was. */
  restart(ms: number, now: number): void {
    this.#ms = ms;
    this.#at = now;
  }

  /** It took at least so long: that makes nothing look faster. */
  observeAtLeast(ms: number, now: number): void {
    this.#ms = Math.max(this.at(now), ms);
    this.#at = now;
  }
}
