import type { Clock } from "./clock.ts";
import {
  hasInstances,
  isThere,
  type KnownInstance,
  type KnownService,
  LIMITS,
  type Limits,
  longestUnseen,
  makeRoom,
  mayComeUp,
  sameRow,
  seeVersion,
} from "./known-service.ts";
import { isStale, LATE_SWEEP_MS } from "./liveness.ts";
import type { ServiceRecord } from "./store/record.ts";
import { type Heartbeat, type InstanceEvent, type InstanceRow, SILENT_AFTER_MS } from "./wire.ts";

/** What became of a beat: only an accepted one changed anything. */
export type Verdict = "accepted" | "stale" | "flapping" | "full";

/** How often `sweep` wants to be called, in ms. */
export const SWEEP_MS = 500;

/**
 * Which instances there are, from their beats alone: no broker, no timers, one clock. Each change gets the next
 * revision and is handed to the listeners at once.
 */
export class Catalog {
  /** See `Snapshot.registryStart`. */
  readonly registryStart: number;
  /** Unix ms. */
  readonly startedAt: number;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #known = new Map<string, KnownService>();
  readonly #changeListeners = new Set<(event: InstanceEvent) => void>();
  readonly #recordListeners = new Set<(service: string) => void>();
  #lastRevision = 0;
  #sweptAt: number;

  constructor(clock: Clock, limits: Limits = LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
    this.startedAt = clock.unix();
    this.registryStart = Math.floor(this.startedAt) * 1000 + Math.floor(Math.random() * 1000);
    this.#sweptAt = clock.now();
  }

  get revision(): number {
    return this.#lastRevision;
  }

  get services(): ReadonlyMap<string, KnownService> {
    return this.#known;
  }

  /** Hears of each instance that comes up or is gone; returns the way to stop. */
  onChange(listener: (event: InstanceEvent) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /** Hears the name of each service whose record (`recordOf`) changed or is forgotten; returns the way to stop. */
  onRecord(listener: (service: string) => void): () => void {
    this.#recordListeners.add(listener);
    return () => this.#recordListeners.delete(listener);
  }

  /** Takes one beat whose sender is already known to be who it says. */
  beat(beat: Heartbeat): Verdict {
    const now = this.#clock.now();
    const at = this.#clock.unix();
    const found = this.#known.get(beat.service)?.instances.get(beat.instance);
    if (found !== undefined && isStale(newestOf(found), found.heardAt, beat, now)) return "stale";
    const service = this.#service(beat.service, at);
    if (service === undefined) return "full";
    const instance = found ?? this.#instance(service, rowOf(beat), now, at);
    if (instance === undefined) return "full";
    if (beat.state === "up" && !this.#up(service, instance, rowOf(beat), now)) return "flapping";
    if (beat.state !== "up") {
      this.#end(service, instance, beat.state === "leaving" ? "left" : "down");
      instance.row = rowOf(beat);
    }
    instance.sequence = beat.sequence;
    instance.heardAt = now;
    instance.stats = beat.stats;
    instance.lastSeen = service.lastSeen = at;
    if (seeVersion(service, beat.version, at, this.#limits)) this.#recorded(service);
    return "accepted";
  }

  /** Declares the silent ones gone and forgets what was idle for long. Call it every `SWEEP_MS`. */
  sweep(): void {
    const now = this.#clock.now();
    if (now - this.#sweptAt > LATE_SWEEP_MS) {
      this.grace();
      return;
    }
    this.#sweptAt = now;
    const idleBefore = this.#clock.unix() - this.#limits.idleKeptMs;
    for (const service of this.#known.values()) {
      for (const [name, instance] of service.instances) {
        const unheardMs = now - instance.heardAt;
        if (!isThere(instance)) {
          if (unheardMs >= this.#limits.goneKeptMs) service.instances.delete(name);
        } else if (unheardMs >= SILENT_AFTER_MS) this.#end(service, instance, "silent");
      }
      this.#forgetIdle(service, idleBefore);
    }
  }

  /** Counts silence anew from now: beats could not be heard until now, which is not the instances' fault. */
  grace(): void {
    const now = this.#clock.now();
    this.#sweptAt = now;
    for (const service of this.#known.values())
      for (const instance of service.instances.values()) if (isThere(instance)) instance.heardAt = now;
  }

  /**
   * Takes back what an earlier registry knew. What was heard since wins.
   * @param withInstances also its instances, as up until they are silent for as long as any other
   */
  restore(record: ServiceRecord, withInstances: boolean): void {
    const now = this.#clock.now();
    const service = this.#service(record.service, record.lastSeen);
    if (service === undefined) return;
    service.firstSeen = Math.min(service.firstSeen, record.firstSeen);
    for (const { version, firstSeen, lastSeen } of record.versions) {
      seeVersion(service, version, lastSeen, this.#limits);
      const seen = service.versions.get(version)!;
      seen.firstSeen = Math.min(seen.firstSeen, firstSeen);
    }
    for (const row of withInstances ? record.instances : []) {
      if (service.instances.has(row.instance)) continue;
      const instance = this.#instance(service, row, now, record.lastSeen);
      if (instance !== undefined) this.#up(service, instance, row, now);
    }
  }

  #service(name: string, at: number): KnownService | undefined {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#limits.services) {
      const idle = [...this.#known].filter(([, service]) => !hasInstances(service));
      if (idle.length === 0) return undefined;
      this.#forget(longestUnseen(idle));
    }
    const service: KnownService = {
      name,
      firstSeen: at,
      lastSeen: at,
      revision: 0,
      versions: new Map(),
      instances: new Map(),
    };
    this.#known.set(name, service);
    return service;
  }

  #instance(service: KnownService, row: InstanceRow, now: number, at: number): KnownInstance | undefined {
    if (!makeRoom(service, this.#limits)) return undefined;
    const instance: KnownInstance = {
      row,
      state: "silent",
      sequence: -1,
      heardAt: now,
      lastSeen: at,
      stats: undefined,
      ups: this.#limits.upBurst,
      upsAt: now,
    };
    service.instances.set(row.instance, instance);
    return instance;
  }

  /** False when it has come up too often of late. */
  #up(service: KnownService, instance: KnownInstance, row: InstanceRow, now: number): boolean {
    const wasUp = instance.state === "up";
    if (wasUp && sameRow(instance.row, row)) return true;
    if (!mayComeUp(instance, now, this.#limits)) return false;
    // Whoever waits for an answer of the earlier start would wait in vain.
    if (wasUp && instance.row.startedAt !== row.startedAt)
      this.#changed(service, { kind: "gone", reason: "restarted", row: instance.row });
    instance.row = row;
    instance.state = "up";
    this.#changed(service, { kind: "up", row });
    return true;
  }

  #end(service: KnownService, instance: KnownInstance, state: "left" | "down" | "silent"): void {
    const wasUp = instance.state === "up";
    instance.state = state;
    if (wasUp) this.#changed(service, { kind: "gone", reason: state, row: instance.row });
  }

  #changed(service: KnownService, change: Pick<InstanceEvent, "kind" | "row" | "reason">): void {
    const previous = service.revision;
    service.revision = ++this.#lastRevision;
    const event = { ...change, registryStart: this.registryStart, revision: service.revision, previous };
    for (const listener of this.#changeListeners) listener(event);
    this.#recorded(service);
  }

  #recorded(service: KnownService): void {
    for (const listener of this.#recordListeners) listener(service.name);
  }

  #forgetIdle(service: KnownService, idleBefore: number): void {
    for (const [version, { lastSeen }] of service.versions)
      if (lastSeen < idleBefore) {
        service.versions.delete(version);
        this.#recorded(service);
      }
    if (service.lastSeen < idleBefore && !hasInstances(service)) this.#forget(service.name);
  }

  #forget(name: string): void {
    this.#known.delete(name);
    for (const listener of this.#recordListeners) listener(name);
  }
}

const newestOf = ({ row: { startedAt }, sequence }: KnownInstance) => ({ startedAt, sequence });

function rowOf({ service, instance, version, zone, startedAt }: Heartbeat): InstanceRow {
  return { service, instance, version, ...(zone === undefined ? {} : { zone }), startedAt };
}
