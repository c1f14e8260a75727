import { isDeepStrictEqual } from "node:util";
import { keyOf } from "../../resources/key.ts";
import type { Resource } from "../../resources/read.ts";
import { byAge, type Entry, EVERY_SERVICE, type PolicyRecord, servicesOf } from "../record.ts";

export interface Change {
  readonly change: "created" | "configured" | "unchanged" | "deleted";
  readonly key: string;
  readonly before?: Resource;
  readonly after?: Resource;
}

/** What a change would make of the policy; the entries have no revision yet. */
export interface Draft {
  readonly entries: ReadonlyMap<string, Pick<Entry, "createdAt" | "resource">>;
  /** Also those that stay as they are, of what was asked for. */
  readonly changes: readonly Change[];
}

/** @param at Unix ms: the age of what is new */
export function applied(record: PolicyRecord, resources: readonly Resource[], at: number): Draft {
  const entries = new Map<string, Pick<Entry, "createdAt" | "resource">>(record.entries);
  const changes = resources.map((after): Change => {
    const key = keyOf(after);
    const old = record.entries.get(key);
    if (old === undefined) {
      entries.set(key, { createdAt: at, resource: after });
      return { change: "created", key, after };
    }
    const before = old.resource;
    if (isDeepStrictEqual(before, after)) return { change: "unchanged", key, before, after: before };
    entries.set(key, { createdAt: old.createdAt, resource: after });
    return { change: "configured", key, before, after };
  });
  return { entries, changes };
}

/** Keys that there are not are passed over. */
export function deleted(record: PolicyRecord, keys: readonly string[]): Draft {
  const entries = new Map(record.entries);
  const changes = [...new Set(keys)].flatMap((key): Change[] => {
    const before = record.entries.get(key)?.resource;
    entries.delete(key);
    return before === undefined ? [] : [{ change: "deleted", key, before }];
  });
  return { entries, changes };
}

/** As it was at an earlier revision, with the ages of then, which decide ties. */
export function restored(record: PolicyRecord, earlier: PolicyRecord): Draft {
  const changes: Change[] = [];
  for (const [key, { createdAt, resource: after }] of earlier.entries) {
    const old = record.entries.get(key);
    const before = old?.resource;
    if (before === undefined) changes.push({ change: "created", key, after });
    else if (old?.createdAt !== createdAt || !isDeepStrictEqual(before, after))
      changes.push({ change: "configured", key, before, after });
  }
  for (const [key, { resource: before }] of record.entries)
    if (!earlier.entries.has(key)) changes.push({ change: "deleted", key, before });
  return { entries: earlier.entries, changes };
}

/** The revision after `record`. */
export function nextRecord(
  record: PolicyRecord,
  { entries, changes }: Draft,
  revision: number,
  { at, by, cause }: Pick<PolicyRecord, "at" | "by" | "cause">,
): PolicyRecord {
  const real = changes.filter(({ change }) => change !== "unchanged");
  const touched = new Set(real.map(({ key }) => key));
  const count = (kind: Change["change"]) => real.filter(({ change }) => change === kind).length;
  const stamped = [...entries].map(([key, { createdAt, resource }]): [string, Entry] => [
    key,
    { createdAt, resource, revision: touched.has(key) ? revision : record.entries.get(key)!.revision },
  ]);
  return {
    ...{ lineage: record.lineage, revision, at, by, cause },
    ...{ created: count("created"), configured: count("configured"), deleted: count("deleted") },
    entries: new Map(stamped.sort(byAge)),
    services: servicesAfter(record, entries, real, revision),
  };
}

function servicesAfter(
  record: PolicyRecord,
  entries: Draft["entries"],
  changes: readonly Change[],
  revision: number,
): Map<string, number> {
  const changed = new Set(
    changes.flatMap(({ before, after }) =>
      [before, after].flatMap((one) => (one === undefined ? [] : servicesOf(one))),
    ),
  );
  const revisionOf = (service: string) => (changed.has(service) ? revision : record.services.get(service));
  const services = new Map<string, number>();
  for (const { resource } of entries.values())
    for (const service of servicesOf(resource)) services.set(service, revisionOf(service)!);
  const ofAll = revisionOf(EVERY_SERVICE) ?? 0;
  if (ofAll > 0) services.set(EVERY_SERVICE, ofAll);
  // What has nothing any more has the revision of all services, and may be known by that number with what it had then.
  const bare = [...record.services.keys(), ...changed]
    .filter((service) => !services.has(service))
    .map((service) => [service, revisionOf(service)!] as const)
    .filter(([, changedAt]) => changedAt > ofAll);
  if (bare.length > MAX_BARE) return services.set(EVERY_SERVICE, revision);
  for (const [service, changedAt] of bare) services.set(service, changedAt);
  return services;
}

/** Above this many, all services are said to have changed: names may come and go for years. */
const MAX_BARE = 1000;
