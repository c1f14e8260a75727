/**
 * What instances and the registry say to each other, as msgpackr on the subjects of `src/subjects`.
 * Unknown fields are ignored and every addition is optional: either side may be one version older.
 */

/**
 * Names one state of the mesh's policy. Two are compared for equality: revisions count within a lineage, and another
 * lineage is another history.
 */
export interface PolicyMark {
  readonly lineage: string;
  readonly revision: number;
}

/** Sent every `HEARTBEAT_MS` (with jitter), at each change, and as the last word of a leaving instance. */
export interface Heartbeat {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** `caller` and `caller-leaving` come from a sidecar without an app: it is no instance of its service. */
  readonly state: "up" | "down" | "leaving" | "caller" | "caller-leaving";
  readonly zone?: string;
  /** Unix time in ms at which the sidecar started. */
  readonly startedAt: number;
  /** Counts up from 0 in each sidecar start, so that an old beat never overtakes a newer. */
  readonly sequence: number;
  readonly stats?: CallStats;
  /** The policy that the sidecar runs, with everything it knows of in step. */
  readonly policy?: PolicyMark;
  /**
   * `<service>.<instance>` of those that this sidecar, as a caller, has ejected for now; as many as fit. For people: no
   * registry and no caller acts on it.
   */
  readonly ejected?: readonly string[];
  /** The same of services that it has given up as a whole (`breaker.service`); they come first when not all fit. */
  readonly ejectedServices?: readonly string[];
  /** The Weft that the sidecar runs, and the version of its frames (`src/protocol/frame.ts`). For people. */
  readonly weft?: string;
  readonly frames?: number;
  /** The planned pause (`src/control/pause`) in which it has no call under way any more. */
  readonly quiet?: number;
}

/** Calls handled since the sidecar's start, for service discovery. */
export interface CallStats {
  readonly calls: number;
  readonly errors: number;
  readonly busyMs: number;
  /** It is at its limit of calls (`limits`) as it says this. For people: the registry does not act on it. */
  readonly full?: boolean;
}

/** One row of the table that sidecars keep of a service they call. */
export interface InstanceRow {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly zone?: string;
  readonly startedAt: number;
}

/** Why an instance is gone: it said so, its app is not healthy, it was not heard from, or it started anew. */
export type GoneReason = "left" | "down" | "silent" | "restarted";

/**
 * On `reg.ev.i.<service>`: one change. `revision` counts all changes in one life of one registry, and `previous` is
 * the revision of the change before this one to the same service: a listener that holds another has missed some.
 */
export interface InstanceEvent {
  readonly kind: "up" | "gone";
  readonly registryStart: number;
  readonly revision: number;
  readonly previous: number;
  readonly reason?: GoneReason;
  readonly row: InstanceRow;
}

/**
 * On `reg.ev.alive` every `HEARTBEAT_MS`: the registry is there. A new `registryStart`, or one that has become
 * settled, asks for new snapshots.
 */
export interface Alive {
  readonly registryStart: number;
  /** False until the registry has listened long enough to have heard every instance. */
  readonly settled: boolean;
  /** The policy that it would answer with. Absent while it does not know. */
  readonly policy?: PolicyMark;
}

/** Request on `reg.get.instances.<caller>`. */
export interface SnapshotRequest {
  readonly service: string;
  /** What the caller holds already; if nothing has changed since, the answer has no rows. */
  readonly have?: { readonly registryStart: number; readonly revision: number };
}

/** Its answer, on the reply subject. */
export interface Snapshot {
  /** Names one life of one registry: its start in Unix ms, times 1000, plus a random number below 1000. */
  readonly registryStart: number;
  readonly revision: number;
  readonly service: string;
  /** False when rows may be missing (not settled, or too many for one message): remove none on its account. */
  readonly complete: boolean;
  /** Absent when the caller has them already. */
  readonly instances?: readonly InstanceRow[];
  /** Every version that was ever seen; empty for a service that never was. Absent when it is not certain. */
  readonly versions?: readonly string[];
}

/** The name the registry answers under. */
export const SELF = "registry";

export const HEARTBEAT_MS = 2000;
/** Three beats missed, and an instance is gone. */
export const SILENT_AFTER_MS = 3 * HEARTBEAT_MS;
