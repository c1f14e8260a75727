/** A caller that was not heard of for so long is forgotten. */
const FORGET_AFTER_MS = 600_000;
const MOST_CALLERS = 1024;

/** What is kept of a caller; `usedAt` is written by whoever uses it. */
export interface OfCaller {
  usedAt: number;
}

/** Something for each calling service: made at its first call, kept while it calls, and bounded in number. */
export class KnownCallers<T extends OfCaller> {
  readonly #make: (now: number) => T;
  readonly #known = new Map<string, T>();

  constructor(make: (now: number) => T) {
    this.#make = make;
  }

  get all(): IterableIterator<T> {
    return this.#known.values();
  }

  get size(): number {
    return this.#known.size;
  }

  get(caller: string): T | undefined {
    return this.#known.get(caller);
  }

  /** Adds one that is not known. */
  add(caller: string, now: number): T {
    this.forgetGone(now);
    if (this.#known.size >= MOST_CALLERS) this.#forgetOldest();
    const made = this.#make(now);
    this.#known.set(caller, made);
    return made;
  }

  forgetGone(now: number): void {
    for (const [name, { usedAt }] of this.#known)
      if (usedAt <= now - FORGET_AFTER_MS) this.#known.delete(name);
  }

  #forgetOldest(): void {
    let oldest = "";
    let least = Number.POSITIVE_INFINITY;
    for (const [name, { usedAt }] of this.#known) {
      if (usedAt >= least) continue;
      least = usedAt;
      oldest = name;
    }
    this.#known.delete(oldest);
  }
}
