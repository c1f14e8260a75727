import type { Subscription } from "../bus/bus.ts";
import { sameRow } from "./known-service.ts";
import type { GoneReason, InstanceEvent, InstanceRow, Snapshot } from "./wire.ts";

/** What changed for whoever watches a table. A row may be both gone and up: it started anew. */
export interface Difference {
  readonly gone: readonly { readonly row: InstanceRow; readonly reason: GoneReason }[];
  readonly up: readonly InstanceRow[];
}

const NO_DIFFERENCE: Difference = { gone: [], up: [] };

/**
 * The rows of one service as one registry tells them. It follows one registry at a time, the one that gave the last
 * snapshot: its events count when they continue that snapshot; another replica's say the same and are passed over.
 */
export class Followed {
  readonly service: string;
  /** An immutable picture of the rows, replaced at each change. */
  view: readonly InstanceRow[] = [];
  subscription: Subscription | undefined;
  asking = false;
  /** A question is due within moments. */
  askingSoon = false;
  /** A snapshot is due at the registry's next sign of life. */
  wanted = false;
  /** When a snapshot is due even if nothing seems to be missing. */
  auditAt = 0;
  usedAt = 0;
  #rows = new Map<string, InstanceRow>();
  /** Undefined while nobody has said. */
  #versions: Set<string> | undefined;
  #registryStart: number | undefined;
  #revision = 0;
  /** Some rows may be gone: they were kept because the last snapshot was not complete. */
  #doubtful = false;

  constructor(service: string) {
    this.service = service;
  }

  follows(registryStart: number): boolean {
    return this.#registryStart === registryStart;
  }

  /** The registry that it follows; undefined before the first snapshot. */
  get leader(): number | undefined {
    return this.#registryStart;
  }

  /** What to tell the registry that we have: nothing when rows are in doubt, so that it sends them all. */
  get have(): { registryStart: number; revision: number } | undefined {
    if (this.#registryStart === undefined || this.#doubtful) return undefined;
    return { registryStart: this.#registryStart, revision: this.#revision };
  }

  /** Whether a registry has said that the service, or that version of it, was never seen. */
  isUnknown(version: string | undefined): boolean {
    if (this.#versions === undefined) return false;
    return version === undefined ? this.#versions.size === 0 : !this.#versions.has(version);
  }

  takeSnapshot({ registryStart, revision, complete, instances, versions }: Snapshot): Difference {
    if (instances === undefined || (this.follows(registryStart) && revision < this.#revision))
      return NO_DIFFERENCE;
    this.#registryStart = registryStart;
    this.#revision = revision;
    if (versions !== undefined) this.#versions = new Set(versions);
    const next = new Map(complete ? [] : this.#rows);
    for (const row of instances) next.set(row.instance, row);
    this.#doubtful = !complete;
    return this.#replace(next);
  }

  /** @returns undefined when changes before this one were missed: a snapshot is needed. */
  takeEvent({
    kind,
    reason = "silent",
    registryStart,
    revision,
    previous,
    row,
  }: InstanceEvent): Difference | undefined {
    if (!this.follows(registryStart) || revision <= this.#revision) return NO_DIFFERENCE;
    if (previous !== this.#revision) return undefined;
    this.#revision = revision;
    const next = new Map(this.#rows);
    if (kind === "up") this.#versions?.add(row.version);
    if (kind === "up") next.set(row.instance, row);
    else next.delete(row.instance);
    return this.#replace(next, reason);
  }

  #replace(next: Map<string, InstanceRow>, reason: GoneReason = "silent"): Difference {
    const gone: Difference["gone"][number][] = [];
    for (const row of this.#rows.values()) {
      const now = next.get(row.instance);
      if (now === undefined) gone.push({ row, reason });
      else if (now.startedAt !== row.startedAt) gone.push({ row, reason: "restarted" });
    }
    const up = [...next.values()].filter((row) => {
      const before = this.#rows.get(row.instance);
      return before === undefined || !sameRow(before, row);
    });
    this.#rows = next;
    if (gone.length > 0 || up.length > 0) this.view = Object.freeze([...next.values()]);
    return { gone, up };
  }
}
