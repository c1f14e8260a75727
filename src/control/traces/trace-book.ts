import type { Clock } from "../../registry/clock.ts";
import { KEPT_FOR, type KeptFor, type TraceNote } from "./wire.ts";

export const KEPT_MS = 60 * 60_000;
const LIMITS = { traces: 4000, tracesOfService: 1000, notes: 16 } as const;

/** A trace that sidecars keep, as the list shows it. */
export interface KeptTrace {
  readonly traceId: string;
  /** When its first call began, as far as is known, in Unix ms by the clock of whoever told of it. */
  readonly at: number;
  readonly why: readonly KeptFor[];
  /** The longest of its calls that were told of: as a rule the outermost. */
  readonly longest: TraceNote;
  /** The first that failed. */
  readonly failed?: TraceNote;
  /** Everybody who is named. */
  readonly services: readonly string[];
}

export interface TraceFilter {
  /** Of one service, caller or callee. */
  readonly service?: string | undefined;
  /** With a call of this one, to `service` if that is given. */
  readonly caller?: string | undefined;
  /** Kept for this reason; `recent` is all of them. */
  readonly kind: KeptFor;
  /** Whose longest call took at least so long. */
  readonly leastMs?: number | undefined;
}

interface Entry {
  /** Who told of it first: it counts for him. */
  readonly owner: string;
  /** Of the registry's clock. */
  readonly heardAt: number;
  readonly notes: TraceNote[];
}

/** The traces of the last hour that sidecars keep: only what one line of a list needs. The rest stays with them. */
export class TraceBook {
  readonly #clock: Clock;
  readonly #limits: typeof LIMITS;
  /** In the order in which they were first heard of. */
  readonly #entries = new Map<string, Entry>();
  readonly #ofService = new Map<string, number>();

  constructor(clock: Clock, limits: Partial<Record<keyof typeof LIMITS, number>> = {}) {
    this.#clock = clock;
    this.#limits = { ...LIMITS, ...limits } as typeof LIMITS;
  }

  /** @returns true when nobody has told of this trace before */
  take(service: string, note: TraceNote): boolean {
    const known = this.#entries.get(note.traceId);
    if (known !== undefined) {
      if (known.notes.length < this.#limits.notes) known.notes.push(note);
      return false;
    }
    this.#forget();
    const count = this.#ofService.get(service) ?? 0;
    // Who tells much pushes out what is his own.
    if (count >= this.#limits.tracesOfService) this.#dropOldest((entry) => entry.owner === service);
    else if (this.#entries.size >= this.#limits.traces) this.#dropOldest(() => true);
    this.#entries.set(note.traceId, { owner: service, heardAt: this.#clock.now(), notes: [note] });
    this.#ofService.set(service, (this.#ofService.get(service) ?? 0) + 1);
    return true;
  }

  /** The newest first. */
  list(filter: TraceFilter, limit: number): KeptTrace[] {
    this.#forget();
    const found: KeptTrace[] = [];
    for (const [traceId, { notes }] of [...this.#entries].reverse()) {
      if (found.length >= limit) break;
      const trace = keptTrace(traceId, notes);
      if (isWanted(trace, notes, filter)) found.push(trace);
    }
    return found;
  }

  #forget(): void {
    const now = this.#clock.now();
    for (const [traceId, entry] of this.#entries) {
      if (now - entry.heardAt <= KEPT_MS) return;
      this.#drop(traceId, entry);
    }
  }

  #dropOldest(matches: (entry: Entry) => boolean): void {
    const oldest = [...this.#entries].find(([, entry]) => matches(entry));
    if (oldest !== undefined) this.#drop(...oldest);
  }

  #drop(traceId: string, { owner }: Entry): void {
    this.#entries.delete(traceId);
    const left = this.#ofService.get(owner)! - 1;
    if (left > 0) this.#ofService.set(owner, left);
    else this.#ofService.delete(owner);
  }
}

function isWanted(
  { why, services, longest }: KeptTrace,
  notes: readonly TraceNote[],
  { service, caller, kind, leastMs = 0 }: TraceFilter,
): boolean {
  if ((kind !== "recent" && !why.includes(kind)) || longest.ms < leastMs) return false;
  if (caller === undefined) return service === undefined || services.includes(service);
  return notes.some((note) => note.caller === caller && (service ?? note.callee) === note.callee);
}

function keptTrace(traceId: string, notes: readonly TraceNote[]): KeptTrace {
  const failed = notes.find(({ why }) => why === "failed");
  const services = notes.flatMap(({ caller, callee }) => [caller, callee]).filter((name) => name !== "");
  return {
    traceId,
    at: Math.min(...notes.map(({ at }) => at)),
    why: KEPT_FOR.filter((reason) => notes.some(({ why }) => why === reason)),
    longest: notes.reduce((longest, note) => (note.ms > longest.ms ? note : longest)),
    ...(failed === undefined ? {} : { failed }),
    services: [...new Set(services)],
  };
}
