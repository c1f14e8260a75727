import { REPORT_MS } from "./wire.ts";

/** Reports that an instance may send at once: its last word soon after another, and one after a time without a broker. */
const BURST = 4;
const PER_MS = 2 / REPORT_MS;
/** As many as there may be instances that report. */
const MOST = 20_000;

/** Twice as many reports as an instance has reason to send: a token bucket for each. Times are in ms of any clock. */
export class Pace {
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  allows(who: string, now: number): boolean {
    const bucket = this.#buckets.get(who) ?? this.#make(who, now);
    if (bucket === undefined) return false;
    bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) * PER_MS);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #make(who: string, now: number) {
    // Those that have earned all again are as good as forgotten.
    if (this.#buckets.size >= MOST)
      for (const [key, { at }] of this.#buckets) if (now - at >= BURST / PER_MS) this.#buckets.delete(key);
    if (this.#buckets.size >= MOST) return undefined;
    const bucket = { tokens: BURST, at: now };
    this.#buckets.set(who, bucket);
    return bucket;
  }
}
