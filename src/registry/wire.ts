/**
 * What instances and the registry say to each other, as msgpackr on the subjects of `src/subjects`.
 * Unknown fields are ignored and every addition is optional: either side may be one version older.
 */

/** Sent every `HEARTBEAT_MS` (with jitter), at each change, and as the last word of a leaving instance. */
export interface Heartbeat {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly state: "up" | "down" | "leaving";
  readonly zone?: string;
  /** Unix time in ms at which the sidecar started. */
  readonly startedAt: number;
  /** Counts up from 0 in each sidecar start, so that an old beat never overtakes a newer. */
  readonly sequence: number;
  /** Calls handled since the start, for service discovery. */
  readonly stats?: { readonly calls: number; readonly errors: number; readonly busyMs: number };
}

/** One row of the table that sidecars keep of a service they call. */
export interface InstanceRow {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly zone?: string;
  readonly startedAt: number;
}

/** On `reg.ev.i.<service>`. `revision` counts up through the life of one registry start. */
export interface InstanceEvent {
  readonly kind: "up" | "gone";
  readonly registryStart: number;
  readonly revision: number;
  /** Why it is gone: it said so, its app is not healthy, or it was not heard from. */
  readonly reason?: "left" | "down" | "silent";
  readonly row: InstanceRow;
}

/** On `reg.ev.alive` every `HEARTBEAT_MS`: the registry is there; a new `registryStart` asks for a new snapshot. */
export interface Alive {
  readonly registryStart: number;
  readonly revision: number;
}

/** Request on `reg.get.instances.<caller>`. */
export interface SnapshotRequest {
  readonly service: string;
}

/** Its answer, on the reply subject. */
export interface Snapshot {
  readonly registryStart: number;
  readonly revision: number;
  readonly service: string;
  readonly instances: readonly InstanceRow[];
}

export const HEARTBEAT_MS = 2000;
/** Three beats missed, and an instance is gone. */
export const SILENT_AFTER_MS = 3 * HEARTBEAT_MS;
