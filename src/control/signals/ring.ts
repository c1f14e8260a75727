/** So many spans of time, each with a row of numbers; the newest takes the place of the oldest. Times are Unix ms. */
export class Ring {
  readonly stepMs: number;
  readonly #width: number;
  /** Which span each row holds; -1 for none. */
  readonly #spans: Float64Array;
  /** 32 bits: whole to 16 million, and beyond that still within 1e-7. */
  readonly #rows: Float32Array;

  constructor(stepMs: number, rows: number, width: number) {
    this.stepMs = stepMs;
    this.#width = width;
    this.#spans = new Float64Array(rows).fill(-1);
    this.#rows = new Float32Array(rows * width);
  }

  add(at: number, column: number, amount: number): void {
    const span = Math.floor(at / this.stepMs);
    const row = span % this.#spans.length;
    if (this.#spans[row] !== span) {
      this.#spans[row] = span;
      this.#rows.fill(0, row * this.#width, (row + 1) * this.#width);
    }
    this.#rows[row * this.#width + column]! += amount;
  }

  /** Adds the row of the span that begins at `from` to `sums`; true when there was one. */
  addTo(sums: Float64Array, from: number): boolean {
    const span = Math.floor(from / this.stepMs);
    const row = span % this.#spans.length;
    if (this.#spans[row] !== span) return false;
    const start = row * this.#width;
    for (let i = 0; i < this.#width; i++) sums[i]! += this.#rows[start + i]!;
    return true;
  }
}
