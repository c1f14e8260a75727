import { CallSeries } from "./call-series.ts";
import type { Labels } from "./family.ts";

export interface SeriesTableOptions {
  /** Most series to keep; what is beyond shares overflow series. */
  readonly maxSeries: number;
  /** A series that saw no call for so long is dropped. */
  readonly idleMs: number;
  readonly now: () => number;
}

/** What a series is made of when there is none yet. */
export interface NewSeries {
  /** Makes its labels. */
  own(): Labels;
  /** Finds the series that it shares when all places are taken: one for all that get the same labels then. */
  readonly overflowKey: number;
  overflow(): Labels;
}

type Cells = Map<number, CallSeries>;

/** The series of one meter, found by peer, version and a number for the rest without making a key string. Bounded. */
export class SeriesTable {
  readonly #options: SeriesTableOptions;
  readonly #peers = new Map<string, Map<string, Cells>>();
  readonly #overflow: Cells = new Map();
  #size = 0;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(options: SeriesTableOptions) {
    this.#options = options;
  }

  get(peer: string, version: string, key: number): CallSeries | undefined {
    return this.#peers.get(peer)?.get(version)?.get(key);
  }

  /** Makes the series that `get` did not find, or gives the one that shares what does not fit. */
  add(peer: string, version: string, key: number, { own, overflowKey, overflow }: NewSeries): CallSeries {
    const { maxSeries, now } = this.#options;
    if (this.#size >= maxSeries) this.sweep();
    if (this.#size >= maxSeries)
      return entry(this.#overflow, overflowKey, () => new CallSeries(overflow(), now()));
    this.#size++;
    const versions = entry(this.#peers, peer, newMap<string, Cells>);
    const cells = entry(versions, version, newMap<number, CallSeries>);
    return entry(cells, key, () => new CallSeries(own(), now()));
  }

  *all(): Generator<CallSeries> {
    for (const versions of this.#peers.values()) for (const cells of versions.values()) yield* cells.values();
    yield* this.#overflow.values();
  }

  /** Drops series that were idle for too long; works at most once a second, so that an overflow cannot make it costly. */
  sweep(): void {
    const at = this.#options.now();
    if (at - this.#sweptAt < 1000) return;
    this.#sweptAt = at;
    this.#size = 0;
    for (const [peer, versions] of this.#peers) {
      for (const [version, cells] of versions) {
        this.#dropIdle(cells, at);
        this.#size += cells.size;
        if (cells.size === 0) versions.delete(version);
      }
      if (versions.size === 0) this.#peers.delete(peer);
    }
    this.#dropIdle(this.#overflow, at);
  }

  #dropIdle(cells: Cells, now: number): void {
    for (const [key, series] of cells) if (series.idleMs(now) >= this.#options.idleMs) cells.delete(key);
  }
}

const newMap = <K, V>(): Map<K, V> => new Map();

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
