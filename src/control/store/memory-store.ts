import { EventEmitter } from "node:events";
import { KEPT, MAX_VALUE_BYTES, type PolicyStore, type Stored } from "./store.ts";

/** What stores in memory share. */
export class MemoryPlace extends EventEmitter {
  last = 0;
  kept: (Stored & { readonly value: Uint8Array })[] = [];
}

/** Keeps the policy as long as `place` lives: for a broker without JetStream, and for tests. */
export class MemoryPolicyStore implements PolicyStore {
  readonly maxBytes = MAX_VALUE_BYTES;
  readonly #place: MemoryPlace;

  constructor(place = new MemoryPlace()) {
    this.#place = place.setMaxListeners(0);
  }

  async read(known: number | undefined): Promise<Stored | undefined> {
    const newest = this.#place.kept.at(-1) ?? { sequence: 0 };
    return newest.sequence === known ? undefined : newest;
  }

  async append(value: Uint8Array, after: number): Promise<number | undefined> {
    const place = this.#place;
    if (place.last !== after) return undefined;
    place.last += 1;
    place.kept = [...place.kept, { sequence: place.last, value }].slice(-KEPT);
    place.emit("change");
    return place.last;
  }

  async history(): Promise<(Stored & { readonly value: Uint8Array })[]> {
    return this.#place.kept;
  }

  async watch(listener: () => void): Promise<() => void> {
    const later = () => setImmediate(listener);
    this.#place.on("change", later);
    return () => this.#place.off("change", later);
  }

  async close(): Promise<void> {}
}
