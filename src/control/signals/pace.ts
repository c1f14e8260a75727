import { REPORT_MS } from "./wire.ts";

/** While the registry is paused, or is restarted elsewhere, reports wait for it: those of two minutes must not be lost. */
const PAUSE_MS = 120_000;
/** Reports that may come at once: those of a pause, and a last word soon after another. */
const BURST = PAUSE_MS / REPORT_MS + 4;
const PER_MS = 2 / REPORT_MS;
/** As many as there may be instances that report. */
const MOST = 20_000;

/**
 * A token bucket for each instance; by default twice as many reports as it has reason to send. Times are in ms of any
 * clock.
 */
export class Pace {
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  readonly #perMs: number;
  readonly #burst: number;

  /** @param perMs messages for each ms, in the long run @param burst messages at once */
  constructor(perMs = PER_MS, burst = BURST) {
    this.#perMs = perMs;
    this.#burst = burst;
  }

  allows(who: string, now: number): boolean {
    const bucket = this.#buckets.get(who) ?? this.#make(who, now);
    if (bucket === undefined) return false;
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (now - bucket.at) * this.#perMs);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #make(who: string, now: number) {
    // Those that have earned all again are as good as forgotten.
    if (this.#buckets.size >= MOST)
      for (const [key, { at }] of this.#buckets)
        if (now - at >= this.#burst / this.#perMs) this.#buckets.delete(key);
    if (this.#buckets.size >= MOST) return undefined;
    const bucket = { tokens: this.#burst, at: now };
    this.#buckets.set(who, bucket);
    return bucket;
  }
}
