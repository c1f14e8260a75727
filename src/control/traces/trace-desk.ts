import type { Bus, Message } from "../../bus/bus.ts";
import type { Clock } from "../../registry/clock.ts";
import type { DropKind, Drops } from "../../registry/drops.ts";
import { pack } from "../../registry/frame.ts";
import { callerOf } from "../../subjects/reply.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import { Pace } from "../signals/pace.ts";
import type { TraceBook } from "./trace-book.ts";
import { MAX_KEEP, MAX_NOTES_BYTES, NOTES_MS, readNotes } from "./wire.ts";

export interface TraceDeskDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly drops: Drops;
  readonly book: TraceBook;
}

/**
 * Hears which traces sidecars keep, and has all others keep what they know of them: a caller that found its call slow
 * cannot show where the time went without the callees, to whom nothing was odd.
 */
export class TraceDesk {
  readonly #deps: TraceDeskDeps;
  /** 64 messages a second of all instances of a service: which instance it is only the body says. */
  readonly #pace = new Pace(64 / 1000, 64);
  readonly #new = new Set<string>();
  #cancel: (() => void) | undefined;
  #stop = (): void => {};

  constructor(deps: TraceDeskDeps) {
    this.#deps = deps;
  }

  start(): void {
    const notes = this.#deps.bus.subscribe(subjects.everyGetOf("kept"), undefined, (message) => {
      const dropped = this.#take(message);
      if (dropped !== undefined) this.#deps.drops.count(dropped, message.subject);
    });
    this.#stop = () => notes.unsubscribe();
  }

  stop(): void {
    this.#stop();
    this.#cancel?.();
  }

  /** Who tells is what the subject says, because the broker lets nobody else publish there. */
  #take({ subject, data }: Message): DropKind | undefined {
    const { clock, book } = this.#deps;
    const service = callerOf(subject);
    if (data.length > MAX_NOTES_BYTES) return "traces-bad";
    // Before it is read: to read is what costs.
    if (!this.#pace.allows(service, clock.now())) return "traces-flood";
    const told = readNotes(data);
    const isOwn = told?.notes.every(({ side, caller, callee }) =>
      side === "client" ? caller === service : callee === service,
    );
    if (told === undefined || !isOwn) return "traces-bad";
    for (const note of told.notes) if (book.take(service, note)) this.#spread(note.traceId);
    return undefined;
  }

  #spread(traceId: string): void {
    if (this.#new.size >= MAX_KEEP) return;
    this.#new.add(traceId);
    this.#cancel ??= this.#deps.clock.after(NOTES_MS, () => {
      this.#deps.bus.send(subjects.tracesEvent, pack({ traceIds: [...this.#new] }));
      this.#new.clear();
      this.#cancel = undefined;
    });
  }
}
