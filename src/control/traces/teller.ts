import type { Bus } from "../../bus/bus.ts";
import type { Clock } from "../../registry/clock.ts";
import { pack } from "../../registry/frame.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import { MAX_NOTES, NOTES_MS, readKeep, type TraceNote } from "./wire.ts";

export interface TraceTellerOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly service: string;
  readonly instance: string;
  /** Told of traces that others keep. */
  readonly keep: (traceIds: ReadonlySet<string>) => void;
}

/** Tells the registry which traces this sidecar keeps, and hears which those of others are. */
export class TraceTeller {
  readonly #options: TraceTellerOptions;
  readonly #stopHearing: () => void;
  #notes: TraceNote[] = [];
  #cancel: (() => void) | undefined;

  constructor(options: TraceTellerOptions) {
    this.#options = options;
    const kept = options.bus.subscribe(subjects.tracesEvent, undefined, ({ data }) => {
      const traces = readKeep(data);
      if (traces !== undefined) options.keep(new Set(traces.traceIds));
    });
    this.#stopHearing = () => kept.unsubscribe();
  }

  /** Goes out with the others of the same quarter of a second; what is too much then is not told. */
  note(note: TraceNote): void {
    if (this.#notes.length >= MAX_NOTES) return;
    this.#notes.push(note);
    this.#cancel ??= this.#options.clock.after(NOTES_MS, () => this.#send());
  }

  close(): void {
    this.#stopHearing();
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#send();
  }

  /** While the broker is away they are lost: the traces stay here, and are found by their id. */
  #send(): void {
    const { bus, service, instance, keep } = this.#options;
    const notes = this.#notes;
    this.#notes = [];
    this.#cancel = undefined;
    keep(new Set(notes.map(({ traceId }) => traceId)));
    if (bus.state.kind === "connected") bus.send(subjects.get("kept", service), pack({ instance, notes }));
  }
}
