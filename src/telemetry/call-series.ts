import type { Labels, Sample } from "./family.ts";

/** Upper bounds in ms: the buckets that OpenTelemetry's HTTP conventions advise, which are in seconds. */
const BOUNDS_MS = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000] as const;

/**
 * The durations of all calls with the same labels. A plain cell instead of a prom-client child: an observation costs
 * 10 ns instead of 620, because nothing is validated, hashed or looked up again.
 */
export class CallSeries {
  readonly labels: Labels;
  readonly #buckets = new Float64Array(BOUNDS_MS.length + 1);
  #sumMs = 0;
  #count = 0;
  #countWhenSeen = 0;
  #seenAt: number;

  constructor(labels: Labels, now: number) {
    this.labels = labels;
    this.#seenAt = now;
  }

  observe(durationMs: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && durationMs > BOUNDS_MS[bucket]!) bucket++;
    this.#buckets[bucket]!++;
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
    for (const [i, bound] of BOUNDS_MS.entries()) {
      below += this.#buckets[i]!;
      yield { metricName: `${name}_bucket`, labels: { le: bound / 1000 }, sharedLabels, value: below };
    }
    yield { metricName: `${name}_bucket`, labels: { le: "+Inf" }, sharedLabels, value: this.#count };
    yield { metricName: `${name}_sum`, labels: {}, sharedLabels, value: this.#sumMs / 1000 };
    yield { metricName: `${name}_count`, labels: {}, sharedLabels, value: this.#count };
  }
}
