/** A growing list of latencies in µs, without boxing each. */
export class Samples {
  #values = new Float64Array(1 << 16);
  #count = 0;

  add(valueUs: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = valueUs;
  }

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
  }

  /** A view of what was added. */
  values(): Float64Array {
    return this.#values.subarray(0, this.#count);
  }
}
