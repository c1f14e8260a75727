/** Between two corrections. Envoy's `concurrency_update_interval`. */
const WINDOW_MS = 100;
/** Fewer answers than this tell nothing about a window: it then lasts longer. */
const MIN_SAMPLES = 10;
/** The newest of a window that are looked at. */
const MOST_SAMPLES = 256;
/** After so long the undisturbed time is measured anew, because the app may have become slower for good. */
const MEASURE_EVERY_MS = 60_000;
/** A measurement that gets too few answers ends with those that it has. */
const MEASURE_AT_MOST_MS = 5000;
/** Part of the time that may come on top before it counts as waiting. Envoy's `min_rtt_calc_params.buffer`. */
const BUFFER = 0.25;

export interface AdaptiveOptions {
  readonly min: number;
  readonly max: number;
  /** From 0 to below 1; instances that measure at the same moment would all be slow at that moment. */
  readonly random: () => number;
}

/**
 * How many calls an app may have at once, found by the time that it takes: Envoy's gradient controller. In each window
 * `limit = limit · gradient + √limit`, where the gradient is the time that an undisturbed call takes (and a quarter on
 * top) by the median of the window, from 0.5 to 2. So the limit settles a little above the point at which calls begin
 * to wait for each other. It grows only when it is used.
 *
 * The undisturbed time is measured at the lowest limit: at the start, and again each minute unless there was so little
 * to do meanwhile that a window has told it.
 */
export class AdaptiveLimit {
  readonly #options: AdaptiveOptions;
  #limit: number;
  #undisturbedMs = Number.POSITIVE_INFINITY;
  readonly #samples = new Float64Array(MOST_SAMPLES);
  #count = 0;
  #peak = 0;
  #windowFrom: number;
  #measuring = true;
  #measureAt = 0;

  /** @param now monotonic, in ms */
  constructor(options: AdaptiveOptions, now: number) {
    this.#options = options;
    this.#limit = options.min;
    this.#windowFrom = now;
  }

  /** A whole number of calls. */
  get limit(): number {
    return this.#measuring ? this.#options.min : Math.floor(this.#limit);
  }

  /** What an undisturbed call takes, in ms; Infinity while that is not known. */
  get undisturbedMs(): number {
    return this.#undisturbedMs;
  }

  /**
   * An app's answer, or a call that it did not answer in its time.
   * @param ms that it took
   * @param running calls that the app had at its end, itself included
   * @param now monotonic, in ms
   */
  sample(ms: number, running: number, now: number): void {
    // What began before the measurement was disturbed by what ran then.
    if (this.#measuring && now - ms < this.#windowFrom) return;
    this.#samples[this.#count++ % MOST_SAMPLES] = ms;
    if (running > this.#peak) this.#peak = running;
    const pastMs = now - this.#windowFrom;
    if (this.#measuring) {
      if (this.#count >= MIN_SAMPLES || pastMs >= MEASURE_AT_MOST_MS) this.#measured(now);
    } else if (pastMs >= WINDOW_MS && this.#count >= MIN_SAMPLES) this.#correct(now);
  }

  #measured(now: number): void {
    this.#undisturbedMs = this.#median();
    this.#measuring = false;
    this.#begin(now);
    this.#measureLater(now);
  }

  #correct(now: number): void {
    const { min, max } = this.#options;
    const medianMs = this.#median();
    if (this.#peak <= min) {
      this.#undisturbedMs = medianMs;
      this.#measureLater(now);
    } else if (medianMs < this.#undisturbedMs) this.#undisturbedMs = medianMs;
    const allowedMs = this.#undisturbedMs * (1 + BUFFER);
    const gradient = medianMs > 0 ? Math.min(2, Math.max(0.5, allowedMs / medianMs)) : 2;
    const next = this.#limit * gradient + Math.sqrt(this.#limit);
    const isUsed = this.#peak >= this.#limit / 2;
    if (next < this.#limit || isUsed) this.#limit = Math.min(max, Math.max(min, next));
    if (now >= this.#measureAt) this.#measuring = true;
    this.#begin(now);
  }

  #begin(now: number): void {
    this.#count = 0;
    this.#peak = 0;
    this.#windowFrom = now;
  }

  #measureLater(now: number): void {
    this.#measureAt = now + MEASURE_EVERY_MS * (0.85 + 0.3 * this.#options.random());
  }

  #median(): number {
    const kept = this.#samples.subarray(0, Math.min(this.#count, MOST_SAMPLES)).sort();
    return kept[kept.length >> 1]!;
  }
}
