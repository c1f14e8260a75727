import { CallSeries } from "./call-series.ts";
import { EdgeTally } from "./edge-tally.ts";
import type { Labels } from "./family.ts";

/** Stands for whatever is beyond a limit, or is not known. */
export const OTHER = "_OTHER";

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

/** The series of one peer and version. */
class Cells extends Map<number, CallSeries> {
  /** What the series that were dropped had counted: else the sums of the others would fall, which looks like a restart. */
  dropped: EdgeTally | undefined;
}

/** The series of one meter, found by peer, version and a number for the rest without making a key string. Bounded. */
export class SeriesTable {
  readonly #options: SeriesTableOptions;
  readonly #peers = new Map<string, Map<string, Cells>>();
  readonly #overflow = new Cells();
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
    const cells = entry(versions, version, () => new Cells());
    return entry(cells, key, () => new CallSeries(own(), now()));
  }

  *all(): Generator<CallSeries> {
    for (const versions of this.#peers.values()) for (const cells of versions.values()) yield* cells.values();
    yield* this.#overflow.values();
  }

  /** How the calls with each peer and version ended, all together; durations are not in it. */
  *tallies(): Generator<EdgeTally> {
    for (const [peer, versions] of this.#peers)
      for (const [version, cells] of versions) yield endedIn(cells, peer, version);
    if (this.#overflow.size > 0) yield endedIn(this.#overflow, OTHER, "");
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
    for (const [key, series] of cells) {
      if (series.idleMs(now) < this.#options.idleMs) continue;
      cells.delete(key);
      cells.dropped ??= new EdgeTally("", "", "");
      cells.dropped.count(series.status, series.code, series.calls);
    }
    // All of it is gone, and so may its sum be.
    if (cells.size === 0) cells.dropped = undefined;
  }
}

function endedIn(cells: Cells, peer: string, version: string): EdgeTally {
  const tally = new EdgeTally(peer, version, "");
  if (cells.dropped) tally.add(cells.dropped);
  for (const { status, code, calls } of cells.values()) tally.count(status, code, calls);
  return tally;
}

const newMap = <K, V>(): Map<K, V> => new Map();

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
