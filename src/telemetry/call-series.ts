import type { EdgeTally } from "./edge-tally.ts";
import type { Labels, Sample } from "./family.ts";
import { BUCKETS, bucketOf, CONVENTIONAL } from "./histogram.ts";

/**
 * The durations of all calls with the same labels. A plain cell instead of a prom-client child: an observation costs
 * 10 ns instead of 620, because nothing is validated, hashed or looked up again.
 */
export class CallSeries {
  readonly labels: Labels;
  readonly #buckets = new Float64Array(BUCKETS);
  #sumMs = 0;
  #count = 0;
  /** What `addNewTo` has told already; made at its first use. */
  #told: Float64Array | undefined;
  #toldSumMs = 0;
  #toldCount = 0;
  #countWhenSeen = 0;
  #seenAt: number;

  constructor(labels: Labels, now: number) {
    this.labels = labels;
    this.#seenAt = now;
  }

  observe(durationMs: number): void {
    this.#buckets[bucketOf(durationMs)]!++;
    this.#sumMs += durationMs;
    this.#count++;
  }

  /** How long in ms nothing was observed, as far as the calls of this function can tell: it reads no clock per call. */
  idleMs(now: number): number {
    if (this.#count !== this.#countWhenSeen) {
      this.#countWhenSeen = this.#count;
      this.#seenAt = now;
    }
    return now - this.#seenAt;
  }

  *samples(name: string): Generator<Sample> {
    const sharedLabels = this.labels;
    let below = 0;
    let next = 0;
    for (const [boundMs, last] of CONVENTIONAL) {
      while (next <= last) below += this.#buckets[next++]!;
      yield { metricName: `${name}_bucket`, labels: { le: boundMs / 1000 }, sharedLabels, value: below };
    }
    yield { metricName: `${name}_bucket`, labels: { le: "+Inf" }, sharedLabels, value: this.#count };
    yield { metricName: `${name}_sum`, labels: {}, sharedLabels, value: this.#sumMs / 1000 };
    yield { metricName: `${name}_count`, labels: {}, sharedLabels, value: this.#count };
  }

  /** How many calls `addNewTo` would tell of. */
  get newCalls(): number {
    return this.#count - this.#toldCount;
  }

  /** Adds the durations that came since the last time, so that whoever asks gets each once. */
  addNewTo(tally: EdgeTally): void {
    this.#told ??= new Float64Array(BUCKETS);
    for (let i = 0; i < BUCKETS; i++) tally.buckets[i]! += this.#buckets[i]! - this.#told[i]!;
    tally.sumMs += this.#sumMs - this.#toldSumMs;
    this.#told.set(this.#buckets);
    this.#toldSumMs = this.#sumMs;
    this.#toldCount = this.#count;
  }
}
