import type { Bus, Message } from "../bus/bus.ts";
import { mayAnswer } from "../subjects/reply.ts";
import { type Subject, registry as subjects } from "../subjects/subjects.ts";
import { type Catalog, SWEEP_MS, type Verdict } from "./catalog.ts";
import { type Clock, every } from "./clock.ts";
import type { Drops } from "./drops.ts";
import { MAX_REQUEST_BYTES, pack, readHeartbeat, readSnapshotRequest } from "./frame.ts";
import { upRows } from "./known-service.ts";
import {
  type Alive,
  HEARTBEAT_MS,
  type Heartbeat,
  type PolicyMark,
  SELF,
  SILENT_AFTER_MS,
  type SnapshotRequest,
} from "./wire.ts";

/** Replicas share requests by this queue group; beats go to all of them. */
export const REPLICAS = "registry";

/** Who keeps account of the sidecars themselves, instances and pure callers (`src/control/sidecars.ts`). */
export interface BeatListener {
  /** Takes each beat that the catalog took, and each of a pure caller, which the catalog never sees. */
  beat(beat: Heartbeat): Verdict;
  /** As the catalog's, and called when they are. */
  sweep(): void;
  grace(): void;
  ejections(): Ejections;
}

/** Who has ejected what, as the callers themselves say: instances by `<service>.<instance>`, whole services by name. */
export type Ejections = ReadonlyMap<string, Ejectors>;

/** Those that send an instance, or a service, no calls for now. */
export interface Ejectors {
  readonly services: ReadonlySet<string>;
  /** How many of their sidecars. */
  readonly sidecars: number;
}

export interface RegistryDeps {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly drops: Drops;
  /** What the registry says of the policy in each sign of life; undefined while it does not know. */
  readonly policyMark?: () => PolicyMark | undefined;
  readonly sidecars?: BeatListener;
}

/**
 * Binds a catalog to the bus: hears beats, publishes changes, answers snapshots. While the bus is away nobody is
 * declared silent, because it is the registry that does not hear.
 */
export class Registry {
  readonly #deps: RegistryDeps;
  readonly #stops: (() => void)[] = [];
  /** When it last began to hear beats; undefined while it cannot. */
  #listeningSince: number | undefined;

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
  }

  /** True when every living instance must have been heard: it has listened for as long as silence is tolerated. */
  get settled(): boolean {
    const since = this.#listeningSince;
    return since !== undefined && this.#deps.clock.now() - since >= SILENT_AFTER_MS;
  }

  start(): void {
    const { bus, catalog, clock, sidecars } = this.#deps;
    const subscriptions = [
      bus.subscribe(subjects.everyHeartbeat, undefined, (message) => this.#onBeat(message)),
      bus.subscribe(subjects.everyGetOf("instances"), REPLICAS, (message) => this.#onGet(message)),
    ];
    this.#stops.push(
      ...subscriptions.map((subscription) => () => subscription.unsubscribe()),
      catalog.onChange((event) => void bus.send(subjects.event(event.row.service), pack(event))),
      bus.onState(() => this.#follow()),
      every(
        clock,
        () => SWEEP_MS,
        () => {
          if (this.#listeningSince === undefined) return;
          catalog.sweep();
          sidecars?.sweep();
        },
      ),
      every(
        clock,
        () => HEARTBEAT_MS,
        () => this.#sayAlive(),
      ),
    );
    this.#follow();
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#listeningSince = undefined;
  }

  #follow(): void {
    const connected = this.#deps.bus.state.kind === "connected";
    if (!connected) this.#listeningSince = undefined;
    else if (this.#listeningSince === undefined) {
      this.#listeningSince = this.#deps.clock.now();
      this.#deps.catalog.grace();
      this.#deps.sidecars?.grace();
      this.#sayAlive();
    }
  }

  #sayAlive(): void {
    const { bus, catalog, policyMark } = this.#deps;
    const policy = policyMark?.();
    const alive: Alive = {
      registryStart: catalog.registryStart,
      settled: this.settled,
      ...(policy === undefined ? {} : { policy }),
    };
    bus.send(subjects.alive, pack(alive));
  }

  #onBeat({ subject, data }: Message): void {
    const beat = readHeartbeat(subject, data);
    const verdict = typeof beat === "string" ? beat : this.#take(beat);
    if (verdict !== "accepted") this.#deps.drops.count(`beat-${verdict}`, subject);
  }

  #take(beat: Heartbeat): Verdict {
    const { catalog, sidecars } = this.#deps;
    const isCaller = beat.state === "caller" || beat.state === "caller-leaving";
    const verdict = isCaller ? "accepted" : catalog.beat(beat);
    return verdict === "accepted" && sidecars ? sidecars.beat(beat) : verdict;
  }

  #onGet({ subject, reply, data }: Message): void {
    const { bus, drops } = this.#deps;
    const request = data.length > MAX_REQUEST_BYTES ? undefined : readSnapshotRequest(data);
    if (!mayAnswer(subject, reply, SELF)) drops.count("reply-foreign", subject);
    else if (request === undefined) drops.count("request-bad", subject);
    else bus.send(reply as Subject, this.#snapshot(request));
  }

  #snapshot({ service, have }: SnapshotRequest): Buffer {
    const { bus, catalog } = this.#deps;
    const known = catalog.services.get(service);
    const { registryStart } = catalog;
    const revision = known?.revision ?? 0;
    const head = { registryStart, revision, service, complete: this.settled };
    if (have?.registryStart === registryStart && have.revision === revision) return pack(head);
    const rows = upRows(known);
    // Before it is settled, what it never heard of may be there all the same.
    const seen = this.settled ? { versions: [...(known?.versions.keys() ?? [])] } : {};
    let answer = pack({ ...head, ...seen, instances: rows });
    // Where the broker takes only small messages, some rows stay out: those instances are reached by version.
    for (let fit = rows.length; answer.length > bus.maxPayload && fit > 0; ) {
      fit = Math.floor(fit / 2);
      answer = pack({ ...head, ...seen, complete: false, instances: rows.slice(0, fit) });
    }
    return answer;
  }
}
