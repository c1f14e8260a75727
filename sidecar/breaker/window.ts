const SLOTS = 10;

/**
 * Successes and failures of the last so many ms. It slides by the clock in steps of a tenth, whether calls come or
 * not: what is older than the window is forgotten (Linkerd's `roll(now)`).
 */
export class Window {
  readonly #slotMs: number;
  readonly #successes = new Uint32Array(SLOTS);
  readonly #failures = new Uint32Array(SLOTS);
  /** Number of the slot that is filled now, counted from the clock's zero. */
  #slot = 0;
  successes = 0;
  failures = 0;

  constructor(ms: number) {
    this.#slotMs = ms / SLOTS;
  }

  succeeded(now: number): void {
    this.roll(now);
    this.successes++;
    this.#successes[this.#slot % SLOTS]!++;
  }

  failed(now: number): void {
    this.roll(now);
    this.failures++;
    this.#failures[this.#slot % SLOTS]!++;
  }

  /** Forgets what is too old by now. */
  roll(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    if (slot - this.#slot >= SLOTS) {
      this.clear();
      this.#slot = slot;
    }
    while (this.#slot < slot) {
      this.#slot++;
      const at = this.#slot % SLOTS;
      this.successes -= this.#successes[at]!;
      this.failures -= this.#failures[at]!;
      this.#successes[at] = 0;
      this.#failures[at] = 0;
    }
  }

  clear(): void {
    this.#successes.fill(0);
    this.#failures.fill(0);
    this.successes = 0;
    this.failures = 0;
  }
}
