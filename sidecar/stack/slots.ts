/**
 * Keeps objects that come and go by the thousand, each under a number of its own while it stays.
 *
 * Not a Set or a Map: when V8 rebuilds one of those, the old table keeps its entries and points to the new one. Once
 * an old table has been promoted, everything that ever passes through stays until the next full collection (a third of
 * all CPU at full load, see bench).
 */
export class Slots<T> {
  readonly #items: (T | undefined)[] = [];
  readonly #free: number[] = [];

  /** How many are kept. */
  get size(): number {
    return this.#items.length - this.#free.length;
  }

  /** Keeps an object; its number may have been another's before. */
  take(item: T): number {
    const slot = this.#free.pop() ?? this.#items.length;
    this.#items[slot] = item;
    return slot;
  }

  get(slot: number): T | undefined {
    return this.#items[slot];
  }

  free(slot: number): void {
    this.#items[slot] = undefined;
    this.#free.push(slot);
  }

  /** Runs `visit` for each that is kept when its turn comes; `visit` may take and free. */
  each(visit: (item: T) => void): void {
    for (let slot = 0; slot < this.#items.length; slot++) {
      const item = this.#items[slot];
      if (item !== undefined) visit(item);
    }
  }

  /** Whether one of those that are kept is such. */
  some(isSuch: (item: T) => boolean): boolean {
    return this.#items.some((item) => item !== undefined && isSuch(item));
  }
}
