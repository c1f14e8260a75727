import type { Bus, Message } from "../../bus/bus.ts";
import { parseDuration } from "../../protocol/duration.ts";
import type { Catalog } from "../../registry/catalog.ts";
import type { Clock } from "../../registry/clock.ts";
import type { Drops } from "../../registry/drops.ts";
import { pack } from "../../registry/frame.ts";
import { upRows } from "../../registry/known-service.ts";
import { SELF, SILENT_AFTER_MS } from "../../registry/wire.ts";
import { callerOf, mayAnswer, parseReply } from "../../subjects/reply.ts";
import { type Subject, registry as subjects } from "../../subjects/subjects.ts";
import type { PolicySet } from "../policy-set.ts";
import { Shares } from "./shares.ts";
import { MAX_REPORT_BYTES, type RateReport, type RateShare, readRateReport } from "./wire.ts";

export interface RateDeskDeps {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly drops: Drops;
  readonly policy: PolicySet;
}

/**
 * Lends the instances of each service with a global rate their shares of it. Of several registries each hears every
 * report and every beat, so that all divide alike, and each answers: the first answer counts.
 */
export class RateDesk {
  readonly #deps: RateDeskDeps;
  readonly #services = new Map<string, Shares>();
  readonly #stops: (() => void)[] = [];
  /** Undefined while it hears nothing. */
  #listeningSince: number | undefined;

  constructor(deps: RateDeskDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { bus, policy } = this.#deps;
    // No queue group: a registry that missed the reports of some would lend their shares to others.
    const reports = bus.subscribe(subjects.everyGetOf("rate"), undefined, (message) =>
      this.#onReport(message),
    );
    this.#stops.push(
      () => reports.unsubscribe(),
      bus.onState(() => this.#follow()),
      policy.onChange((services) => {
        for (const service of services ?? [...this.#services.keys()])
          if (this.#rateOf(service) === undefined) this.#services.delete(service);
      }),
    );
    this.#follow();
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  #follow(): void {
    const { bus, clock } = this.#deps;
    if (bus.state.kind !== "connected") this.#listeningSince = undefined;
    else this.#listeningSince ??= clock.now();
  }

  /** Calls a second; undefined when policy says nothing of them. */
  #rateOf(service: string): number | undefined {
    const written = this.#deps.policy.routingOf(service).policy?.spec.rateLimit?.global;
    return written && (written.requests * 1000) / parseDuration(written.interval)!;
  }

  #onReport({ subject, reply, data }: Message): void {
    const { drops, catalog } = this.#deps;
    const report = data.length > MAX_REPORT_BYTES ? undefined : readRateReport(data);
    const service = callerOf(subject);
    const instance = parseReply(reply)?.callerInstance ?? "";
    if (!mayAnswer(subject, reply, SELF)) drops.count("reply-foreign", subject);
    else if (report === undefined) drops.count("request-bad", subject);
    // Only who takes calls gets a share: the broker lets nobody beat in another's name.
    else if (catalog.services.get(service)?.instances.get(instance)?.state !== "up")
      drops.count("rate-unknown", subject);
    else if (!this.#take(service, instance, report)) drops.count("rate-flood", subject);
    else this.#answer(service, instance, reply as Subject);
  }

  /** False when it is too much; what nobody limits is not noted. */
  #take(service: string, instance: string, { demand }: RateReport): boolean {
    if (this.#rateOf(service) === undefined) return true;
    const shares = this.#services.get(service) ?? new Shares();
    this.#services.set(service, shares);
    return shares.take(instance, demand, this.#deps.clock.now());
  }

  /** Until every living instance must have been heard there is no answer: then all keep what they have. */
  #answer(service: string, instance: string, reply: Subject): void {
    const { bus, catalog, clock } = this.#deps;
    const now = clock.now();
    const rate = this.#rateOf(service);
    if (rate === undefined) return;
    const instances = upRows(catalog.services.get(service)).map((row) => row.instance);
    const share = this.#services.get(service)?.of(instance, rate, instances, now);
    // It is noted also while nothing is lent: what an instance needed before is what it may have at once.
    const isNew = this.#listeningSince === undefined || now - this.#listeningSince < SILENT_AFTER_MS;
    if (share === undefined || isNew) return;
    const answer: RateShare = { share };
    bus.send(reply, pack(answer));
  }
}
