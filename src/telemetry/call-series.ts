import type { EdgeTally } from "./edge-tally.ts";
import type { Labels, Sample } from "./family.ts";
import { BUCKETS, bucketOf } from "./histogram.ts";
import { histogramSamples, OPEN_TELEMETRY } from "./histogram-samples.ts";

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

  /** The status that was answered; undefined when none was. */
  get status(): number | undefined {
    const { http_response_status_code: status } = this.labels;
    return status === undefined ? undefined : Number(status);
  }

  /** The mesh's own code; empty when the app answered. */
  get code(): string {
    const { http_response_status_code: status, error_type } = this.labels;
    // What is no code of the mesh is the status once more.
    return error_type === undefined || error_type === String(status) ? "" : String(error_type);
  }

  get calls(): number {
    return this.#count;
  }

  samples(name: string, labels = this.labels, shape = OPEN_TELEMETRY): Iterable<Sample> {
    return histogramSamples(name, labels, this.#buckets, this.#sumMs, shape);
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
