import type { CallStats, InstanceRow } from "./wire.ts";

/** What the registry remembers of one instance. `down` beats but its app is not healthy. */
export interface KnownInstance {
  row: InstanceRow;
  state: InstanceState;
  /** -1 for a row that was restored and has not beaten since. */
  sequence: number;
  /** By the clock that never jumps. */
  heardAt: number;
  /** Unix ms. */
  lastSeen: number;
  stats: CallStats | undefined;
  /** How many more times it may come up now, and when that was reckoned: see `mayComeUp`. */
  ups: number;
  upsAt: number;
}

export type InstanceState = "up" | "down" | "left" | "silent";

/** Unix ms. */
export interface Seen {
  firstSeen: number;
  lastSeen: number;
}

/** One service: which versions and instances of it there are, and have been of late. */
export interface KnownService extends Seen {
  readonly name: string;
  /** Revision of the last change, 0 before the first. */
  revision: number;
  readonly versions: Map<string, Seen>;
  readonly instances: Map<string, KnownInstance>;
}

/**
 * What one registry holds at most. A sidecar can name only itself, but versions, zones and restarts are its own
 * choice, so each has a bound.
 */
export interface Limits {
  readonly services: number;
  readonly instancesPerService: number;
  readonly versionsPerService: number;
  /** Times in a row that an instance may come up, and then once in `upEveryMs`. */
  readonly upBurst: number;
  readonly upEveryMs: number;
  /** How long an instance that is gone is still shown, in ms. */
  readonly goneKeptMs: number;
  /** How long a service or version without instances is still known, in ms. */
  readonly idleKeptMs: number;
}

export const LIMITS: Limits = {
  services: 10_000,
  // A snapshot of rows with the longest names stays under the broker's usual 1 MiB payload.
  instancesPerService: 2048,
  versionsPerService: 64,
  upBurst: 10,
  upEveryMs: 1000,
  goneKeptMs: 10 * 60_000,
  idleKeptMs: 7 * 24 * 3_600_000,
};

/** Beats still come, or did until a moment ago. */
export const isThere = (instance: KnownInstance): boolean =>
  instance.state === "up" || instance.state === "down";

export const hasInstances = (service: KnownService): boolean => {
  for (const instance of service.instances.values()) if (isThere(instance)) return true;
  return false;
};

/** The instances that may be called, in the order in which they were first heard. */
export function upRows(service: KnownService | undefined): InstanceRow[] {
  const rows: InstanceRow[] = [];
  for (const { state, row } of service?.instances.values() ?? []) if (state === "up") rows.push(row);
  return rows;
}

export const sameRow = (a: InstanceRow, b: InstanceRow): boolean =>
  a.startedAt === b.startedAt && a.version === b.version && a.zone === b.zone;

/** Notes that a version was seen; a full list forgets the one that was not seen for longest. Tells whether it is new. */
export function seeVersion(service: KnownService, version: string, at: number, limits: Limits): boolean {
  const seen = service.versions.get(version);
  if (seen !== undefined) {
    seen.lastSeen = Math.max(seen.lastSeen, at);
    return false;
  }
  if (service.versions.size >= limits.versionsPerService)
    service.versions.delete(longestUnseen(service.versions.entries()));
  service.versions.set(version, { firstSeen: at, lastSeen: at });
  return true;
}

/** Makes room for one more instance by forgetting one that is gone; false when all are there. */
export function makeRoom(service: KnownService, limits: Limits): boolean {
  if (service.instances.size < limits.instancesPerService) return true;
  const gone = [...service.instances].filter(([, instance]) => !isThere(instance));
  if (gone.length === 0) return false;
  service.instances.delete(longestUnseen(gone));
  return true;
}

/**
 * A token bucket on coming up: every change goes to all callers, so an instance that flaps must not set the pace.
 * Going is always believed.
 */
export function mayComeUp(instance: KnownInstance, now: number, limits: Limits): boolean {
  const earned = (now - instance.upsAt) / limits.upEveryMs;
  instance.ups = Math.min(limits.upBurst, instance.ups + earned);
  instance.upsAt = now;
  if (instance.ups < 1) return false;
  instance.ups -= 1;
  return true;
}

/** The key whose value was not seen for longest. `entries` must not be empty. */
export function longestUnseen(entries: Iterable<[string, { readonly lastSeen: number }]>): string {
  let key: string | undefined;
  let oldest = Number.POSITIVE_INFINITY;
  for (const [candidate, { lastSeen }] of entries)
    if (key === undefined || lastSeen < oldest) {
      key = candidate;
      oldest = lastSeen;
    }
  return key!;
}
