import type { Bus, Message } from "../../bus/bus.ts";
import type { Clock } from "../../registry/clock.ts";
import type { DropKind, Drops } from "../../registry/drops.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import { isToken, RESERVED } from "../../subjects/token.ts";
import { Pace } from "./pace.ts";
import type { SignalBook } from "./signal-book.ts";
import { MAX_REPORT_BYTES, readReport } from "./wire.ts";

export interface SignalDeskDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly drops: Drops;
  readonly book: SignalBook;
}

/** Hears every report and keeps what it says. Of several registries each hears them all, and needs no other. */
export class SignalDesk {
  readonly #deps: SignalDeskDeps;
  readonly #pace = new Pace();
  #stop = (): void => {};

  constructor(deps: SignalDeskDeps) {
    this.#deps = deps;
  }

  start(): void {
    const reports = this.#deps.bus.subscribe(subjects.everySignals, undefined, (message) =>
      this.#onReport(message),
    );
    this.#stop = () => reports.unsubscribe();
  }

  stop(): void {
    this.#stop();
  }

  #onReport(message: Message): void {
    const dropped = this.#take(message);
    if (dropped !== undefined) this.#deps.drops.count(dropped, message.subject);
  }

  /** Who reports is what the subject says, because the broker lets nobody else publish there. */
  #take({ subject, data }: Message): DropKind | undefined {
    const { clock, book } = this.#deps;
    const [, , service = "", instance = ""] = subject.split(".");
    if (data.length > MAX_REPORT_BYTES) return "signals-oversize";
    // Before it is read: to read is what costs.
    if (!this.#pace.allows(`${service}.${instance}`, clock.now())) return "signals-flood";
    const report = readReport(data);
    if (report === undefined || !isToken(service) || !isToken(instance) || RESERVED.has(service))
      return "signals-bad";
    return book.take(service, instance, report) ? undefined : "signals-full";
  }
}
