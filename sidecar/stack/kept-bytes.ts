/** The beginning of a body, copied as it passes: whoever sends few bytes at a time would else cost a buffer for each. */
export class KeptBytes {
  readonly #most: number;
  /** What is kept is the first `#length` bytes of it. */
  #buffer = EMPTY;
  #length = 0;

  /** @param most bytes kept */
  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  get isFull(): boolean {
    return this.#length === this.#most;
  }

  /** Keeps what there is room for. False when that was not all of it. */
  keep(chunk: Buffer): boolean {
    const fits = Math.min(chunk.length, this.#most - this.#length);
    const length = this.#length + fits;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#most, Math.max(length, 2 * this.#buffer.length)));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#length, 0, fits);
    this.#length = length;
    return fits === chunk.length;
  }

  /** Lets go of all of it. */
  drop(): void {
    this.#buffer = EMPTY;
    this.#length = 0;
  }
}

const EMPTY = Buffer.alloc(0);
