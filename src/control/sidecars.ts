import type { Verdict } from "../registry/catalog.ts";
import type { Clock } from "../registry/clock.ts";
import { isStale, LATE_SWEEP_MS } from "../registry/liveness.ts";
import type { BeatListener, Ejections } from "../registry/registry.ts";
import { type Heartbeat, type PolicyMark, SILENT_AFTER_MS } from "../registry/wire.ts";
import { sameMark } from "./wire.ts";

/** Sidecars of a mesh far larger than one registry hears; each identity can beat as one only. */
const MAX_SIDECARS = 50_000;

/** One sidecar, and the policy that it runs. */
export interface SidecarRow {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** The Weft that it runs, and the version of its frames; absent when it does not tell. */
  readonly weft?: string;
  readonly frames?: number;
  /** `caller`: it has no app, so that it is no instance of its service. */
  readonly role: "instance" | "caller";
  /** Absent when it has said nothing of policy, or runs one of another lineage. */
  readonly policyRevision?: number;
  /** It does not run, in full, the policy that there is. */
  readonly lagging: boolean;
  /** Unix ms. */
  readonly lastSeen: number;
}

interface Heard {
  readonly beat: Heartbeat;
  /** By the clock that never jumps. */
  heardAt: number;
  readonly lastSeen: number;
}

/** Which sidecars there are, pure callers too, from their beats alone; the silent ones are dropped. */
export class Sidecars implements BeatListener {
  readonly #clock: Clock;
  readonly #max: number;
  /** By `<service>.<instance>`. */
  readonly #heard = new Map<string, Heard>();
  #sweptAt: number;

  constructor(clock: Clock, max = MAX_SIDECARS) {
    this.#clock = clock;
    this.#max = max;
    this.#sweptAt = clock.now();
  }

  beat(beat: Heartbeat): Verdict {
    const key = `${beat.service}.${beat.instance}`;
    const heard = this.#heard.get(key);
    const now = this.#clock.now();
    if (heard !== undefined && isStale(heard.beat, heard.heardAt, beat, now)) return "stale";
    if (beat.state === "leaving" || beat.state === "caller-leaving") {
      this.#heard.delete(key);
      return "accepted";
    }
    if (heard === undefined && this.#heard.size >= this.#max) return "full";
    this.#heard.set(key, { beat, heardAt: now, lastSeen: this.#clock.unix() });
    return "accepted";
  }

  get size(): number {
    return this.#heard.size;
  }

  /** Whether one without an app is there for that service. */
  hasCaller(service: string): boolean {
    for (const { beat } of this.#heard.values())
      if (beat.service === service && beat.state === "caller") return true;
    return false;
  }

  sweep(): void {
    const now = this.#clock.now();
    if (now - this.#sweptAt > LATE_SWEEP_MS) {
      this.grace();
      return;
    }
    this.#sweptAt = now;
    for (const [key, { heardAt }] of this.#heard)
      if (now - heardAt >= SILENT_AFTER_MS) this.#heard.delete(key);
  }

  /** Counts silence anew from now: beats could not be heard until now, which is not the sidecars' fault. */
  grace(): void {
    this.#sweptAt = this.#clock.now();
    for (const heard of this.#heard.values()) heard.heardAt = this.#sweptAt;
  }

  /** How many have not said that they are quiet in that pause. */
  loud(pause: number): number {
    return this.#count(({ beat }) => beat.quiet !== pause);
  }

  /** How many have not been heard since, by Unix ms. */
  unheardSince(at: number): number {
    return this.#count(({ lastSeen }) => lastSeen < at);
  }

  #count(which: (heard: Heard) => boolean): number {
    let found = 0;
    for (const heard of this.#heard.values()) if (which(heard)) found++;
    return found;
  }

  ejections(): Ejections {
    const found = new Map<string, { services: Set<string>; sidecars: number }>();
    for (const { beat } of this.#heard.values())
      for (const name of new Set([...(beat.ejected ?? []), ...(beat.ejectedServices ?? [])])) {
        const ejectors = found.get(name) ?? { services: new Set(), sidecars: 0 };
        found.set(name, ejectors);
        ejectors.services.add(beat.service);
        ejectors.sidecars++;
      }
    return found;
  }

  /**
   * All that are there, by service and instance.
   * @param current what there is to run; while that is not known nobody lags
   */
  rows(current: PolicyMark | undefined): SidecarRow[] {
    const rows = [...this.#heard.values()].map((heard) => rowOf(heard, current));
    return rows.sort((a, b) => compare(a.service, b.service) || compare(a.instance, b.instance));
  }
}

function rowOf({ beat, lastSeen }: Heard, current: PolicyMark | undefined): SidecarRow {
  const { service, instance, version, state, policy, weft, frames } = beat;
  return {
    ...{ service, instance, version, role: state === "caller" ? "caller" : "instance" },
    ...(weft === undefined ? {} : { weft }),
    ...(frames === undefined ? {} : { frames }),
    ...(policy !== undefined && policy.lineage === current?.lineage
      ? { policyRevision: policy.revision }
      : {}),
    lagging: current !== undefined && !sameMark(policy, current),
    lastSeen,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
