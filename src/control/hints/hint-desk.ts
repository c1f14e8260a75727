import type { Bus, Message } from "../../bus/bus.ts";
import type { Catalog } from "../../registry/catalog.ts";
import type { Clock } from "../../registry/clock.ts";
import type { DropKind, Drops } from "../../registry/drops.ts";
import { pack } from "../../registry/frame.ts";
import { REPLICAS } from "../../registry/registry.ts";
import { callerOf } from "../../subjects/reply.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import { IDLE_AFTER_MS, Teller } from "./teller.ts";
import { MAX_HINT_BYTES, type PassedHint, readHint } from "./wire.ts";

/** As many as there may be services. */
const MAX_TELLERS = 10_000;

export interface HintDeskDeps {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly drops: Drops;
}

/**
 * Passes on which instances callers have ejected, to those who call the same service. It judges nothing: it says who
 * says so, which is the last token of the subject, where the broker lets nobody else publish.
 */
export class HintDesk {
  readonly #deps: HintDeskDeps;
  /** By calling service. */
  readonly #tellers = new Map<string, Teller>();
  #stop = (): void => {};

  constructor(deps: HintDeskDeps) {
    this.#deps = deps;
  }

  /** In the queue group: a hint that is lost with its registry is worth little, and one event is enough. */
  start(): void {
    const subscription = this.#deps.bus.subscribe(subjects.everyGetOf("hint"), REPLICAS, (message) =>
      this.#onHint(message),
    );
    this.#stop = () => subscription.unsubscribe();
  }

  stop(): void {
    this.#stop();
  }

  #onHint(message: Message): void {
    const dropped = this.#take(message);
    if (dropped !== undefined) this.#deps.drops.count(dropped, message.subject);
  }

  #take({ subject, data }: Message): DropKind | undefined {
    const { bus, catalog, clock } = this.#deps;
    const caller = callerOf(subject);
    const hint = data.length > MAX_HINT_BYTES ? undefined : readHint(data);
    if (hint === undefined) return "hint-bad";
    const { service, instance } = hint;
    if (catalog.services.get(service)?.instances.get(instance)?.state !== "up") return "hint-unknown";
    const now = clock.now();
    const teller = this.#tellerOf(caller, now);
    const verdict = teller?.take(`${service}.${instance}`, now) ?? "flood";
    if (verdict === "flood") return "hint-flood";
    const passed: PassedHint = { instance };
    if (verdict === "pass-on") bus.send(subjects.hintEvent(service, caller), pack(passed));
    return undefined;
  }

  #tellerOf(caller: string, now: number): Teller | undefined {
    const known = this.#tellers.get(caller);
    if (known !== undefined) return known;
    if (this.#tellers.size >= MAX_TELLERS)
      for (const [name, { heardAt }] of this.#tellers)
        if (now - heardAt >= IDLE_AFTER_MS) this.#tellers.delete(name);
    if (this.#tellers.size >= MAX_TELLERS) return undefined;
    const teller = new Teller(now);
    this.#tellers.set(caller, teller);
    return teller;
  }
}
