import type { Bus } from "../bus/bus.ts";
import { registry as subjects } from "../subjects/subjects.ts";
import { Asker } from "./ask.ts";
import { type Clock, every } from "./clock.ts";
import { type Difference, Followed } from "./followed.ts";
import { pack, readAlive, readEvent, readSnapshot } from "./frame.ts";
import { type GoneReason, HEARTBEAT_MS, type InstanceRow, SILENT_AFTER_MS } from "./wire.ts";

/** Services followed at most; beyond it the one not used for longest is let go. */
const MAX_SERVICES = 1024;
const ASK_TIMEOUT_MS = 2000;
/** Requests after a registry's start are spread over this time, because every sidecar makes them. */
const SPREAD_MS = 1000;
/** An event can be lost where no end notices (a route between brokers); this is the longest such an error lasts. */
const AUDIT_MS = 60_000;

/** Whether a registry is heard. `since` is Unix time in ms. */
export interface TableState {
  readonly kind: "following" | "away";
  readonly since: number;
}

export interface TableOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** The service and instance that this sidecar is. */
  readonly caller: string;
  readonly instance: string;
}

type GoneListener = (service: string, instance: string, reason: GoneReason) => void;
type UpListener = (row: InstanceRow) => void;
type StateListener = (state: TableState) => void;

/**
 * What a sidecar knows of the services that it calls. It learns of a service at the first use, follows it from then
 * on, and keeps what it has while no registry is heard. Nothing here waits: a call takes what there is.
 */
export class InstanceTable {
  readonly #options: TableOptions;
  readonly #asker: Asker;
  readonly #followed = new Map<string, Followed>();
  /** The registries heard of late, by start. */
  readonly #registries = new Map<number, { settled: boolean; heardAt: number }>();
  readonly #goneListeners = new Set<GoneListener>();
  readonly #upListeners = new Set<UpListener>();
  readonly #stateListeners = new Set<StateListener>();
  readonly #stops: (() => void)[];
  #heardAt: number | undefined;
  #current: TableState;
  #uses = 0;

  constructor(options: TableOptions) {
    const { bus, clock, caller, instance } = options;
    this.#options = options;
    this.#current = { kind: "away", since: clock.unix() };
    this.#asker = new Asker(bus, clock, caller, instance);
    const alive = bus.subscribe(subjects.alive, undefined, ({ data }) => this.#onAlive(data));
    this.#stops = [
      () => alive.unsubscribe(),
      () => this.#asker.close(),
      bus.onState(() => this.#onBus()),
      every(
        clock,
        () => HEARTBEAT_MS,
        () => this.#judge(),
      ),
    ];
  }

  get state(): TableState {
    return this.#current;
  }

  /** How long ago a registry was heard last, in ms; undefined before the first time. */
  get heardMsAgo(): number | undefined {
    return this.#heardAt === undefined ? undefined : this.#options.clock.now() - this.#heardAt;
  }

  /**
   * The instances of a service that may be called, as last known; empty until the first answer. The array is
   * immutable and the same one until something changes.
   * @throws NameError when `service` is not a name
   */
  instances(service: string): readonly InstanceRow[] {
    const followed = this.#followed.get(service) ?? this.#follow(service);
    followed.usedAt = ++this.#uses;
    return followed.view;
  }

  /**
   * Whether a registry that is heard says that a service, or one version of it, was never seen. False when it is not
   * certain: then it may be there.
   */
  isUnknown(service: string, version: string | undefined): boolean {
    return this.#current.kind === "following" && this.#followed.get(service)?.isUnknown(version) === true;
  }

  /** Every service in use with the instances last known. */
  all(): Readonly<Record<string, readonly InstanceRow[]>> {
    return Object.fromEntries([...this.#followed].map(([service, { view }]) => [service, view]));
  }

  /** Hears of each instance that is gone, of services in use; returns the way to stop. */
  onGone(listener: GoneListener): () => void {
    this.#goneListeners.add(listener);
    return () => this.#goneListeners.delete(listener);
  }

  /** Hears of each instance that comes up or whose row changes, of services in use; returns the way to stop. */
  onUp(listener: UpListener): () => void {
    this.#upListeners.add(listener);
    return () => this.#upListeners.delete(listener);
  }

  onState(listener: StateListener): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const service of [...this.#followed.keys()]) this.#unfollow(service);
  }

  #follow(service: string): Followed {
    const subject = subjects.event(service);
    if (this.#followed.size >= MAX_SERVICES) this.#unfollow(this.#leastUsed());
    const followed = new Followed(service);
    followed.subscription = this.#options.bus.subscribe(subject, undefined, ({ data }) =>
      this.#onEvent(followed, data),
    );
    this.#followed.set(service, followed);
    void this.#ask(followed);
    return followed;
  }

  #unfollow(service: string): void {
    this.#followed.get(service)?.subscription?.unsubscribe();
    this.#followed.delete(service);
  }

  #leastUsed(): string {
    let least: Followed | undefined;
    for (const one of this.#followed.values()) if (!least || one.usedAt < least.usedAt) least = one;
    return least!.service;
  }

  async #ask(followed: Followed): Promise<void> {
    if (followed.asking || this.#followed.get(followed.service) !== followed) return;
    const { service, have } = followed;
    followed.asking = true;
    const request = pack({ service, ...(have ? { have } : {}) });
    const subject = subjects.get("instances", this.#options.caller);
    const answer = await this.#asker.ask(subject, request, ASK_TIMEOUT_MS);
    followed.asking = false;
    const snapshot = answer && readSnapshot(answer);
    followed.wanted = snapshot?.service !== service;
    if (snapshot === undefined || followed.wanted || this.#followed.get(service) !== followed) return;
    this.#heard();
    followed.auditAt = this.#options.clock.now() + AUDIT_MS * (0.5 + 0.5 * Math.random());
    this.#tell(service, followed.takeSnapshot(snapshot));
  }

  #askSoon(followed: Followed): void {
    if (followed.askingSoon) return;
    followed.askingSoon = true;
    this.#options.clock.after(Math.random() * SPREAD_MS, () => {
      followed.askingSoon = false;
      void this.#ask(followed);
    });
  }

  #onEvent(followed: Followed, data: Buffer): void {
    const event = readEvent(data);
    if (event?.row.service !== followed.service) return;
    this.#heard();
    const difference = followed.takeEvent(event);
    if (difference === undefined) void this.#ask(followed);
    else this.#tell(followed.service, difference);
  }

  #onAlive(data: Buffer): void {
    const alive = readAlive(data);
    if (alive === undefined) return;
    const now = this.#options.clock.now();
    const before = this.#registries.get(alive.registryStart);
    this.#registries.set(alive.registryStart, { settled: alive.settled, heardAt: now });
    for (const [start, { heardAt }] of this.#registries)
      if (now - heardAt > SILENT_AFTER_MS) this.#registries.delete(start);
    this.#heard();
    const news = before === undefined || (alive.settled && !before.settled);
    for (const followed of this.#followed.values()) {
      const { leader } = followed;
      const orphan = leader !== undefined && !this.#registries.has(leader);
      if (news || orphan || followed.wanted || now >= followed.auditAt) this.#askSoon(followed);
    }
  }

  #onBus(): void {
    this.#judge();
    // Events may have been missed meanwhile, from whichever registry.
    if (this.#options.bus.state.kind !== "connected") return;
    for (const followed of this.#followed.values()) this.#askSoon(followed);
  }

  #heard(): void {
    this.#heardAt = this.#options.clock.now();
    this.#become("following");
  }

  #judge(): void {
    const { bus, clock } = this.#options;
    const silent = this.#heardAt === undefined || clock.now() - this.#heardAt > SILENT_AFTER_MS;
    if (silent || bus.state.kind !== "connected") this.#become("away");
  }

  #become(kind: TableState["kind"]): void {
    if (this.#current.kind === kind) return;
    this.#current = { kind, since: this.#options.clock.unix() };
    for (const listener of this.#stateListeners) listener(this.#current);
  }

  #tell(service: string, { gone, up }: Difference): void {
    for (const { row, reason } of gone)
      for (const listener of this.#goneListeners) listener(service, row.instance, reason);
    for (const row of up) for (const listener of this.#upListeners) listener(row);
  }
}
