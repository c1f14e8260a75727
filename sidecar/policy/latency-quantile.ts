/** Eight buckets to each doubling, so a bucket is 9 % wide: from 0.1 ms to 15 minutes. */
const PER_DOUBLING = 8;
const BUCKETS = 23 * PER_DOUBLING;
const SHORTEST_MS = 0.1;

/** What was seen counts half after this time. */
const HALF_LIFE_MS = 10_000;
/** How often it is made to count less, and the quantile is found anew. */
const STEP_MS = 500;
/** Fewer say nothing of how long calls take. */
const FEWEST = 20;

/**
 * The running quantile of how long something takes: a histogram that forgets by the clock, not by traffic. To take a
 * time down costs a logarithm and a store. `now` is monotonic, in ms.
 */
export class LatencyQuantile {
  readonly #share: number;
  /** The quantile means nothing while less than one value in all would be above it. */
  readonly #enough: number;
  readonly #weights = new Float64Array(BUCKETS);
  #total = 0;
  #steppedAt = 0;
  #value: number | undefined;

  /** @param percentile above 0 and below 100 */
  constructor(percentile: number) {
    this.#share = percentile / 100;
    this.#enough = Math.max(FEWEST, 1 / (1 - this.#share));
  }

  /** Takes down one time. */
  add(ms: number, now: number): void {
    if (now - this.#steppedAt >= STEP_MS) this.#step(now);
    const bucket = Math.floor(Math.log2(ms / SHORTEST_MS) * PER_DOUBLING);
    this.#weights[bucket > 0 ? Math.min(bucket, BUCKETS - 1) : 0]! += 1;
    this.#total += 1;
  }

  /** In ms, up to 9 % too long, as of at most half a second ago; undefined while too little is known. */
  value(now: number): number | undefined {
    if (now - this.#steppedAt >= STEP_MS) this.#step(now);
    return this.#value;
  }

  #step(now: number): void {
    const keep = 0.5 ** ((now - this.#steppedAt) / HALF_LIFE_MS);
    this.#steppedAt = now;
    this.#total = 0;
    for (let i = 0; i < BUCKETS; i++) {
      this.#weights[i]! *= keep;
      this.#total += this.#weights[i]!;
    }
    this.#value = this.#total < this.#enough ? undefined : this.#find();
  }

  #find(): number {
    let left = this.#total * this.#share;
    let bucket = 0;
    while (bucket < BUCKETS - 1) {
      left -= this.#weights[bucket]!;
      if (left < 0) break;
      bucket++;
    }
    // Its upper end: to be late is to be careful.
    return SHORTEST_MS * 2 ** ((bucket + 1) / PER_DOUBLING);
  }
}
