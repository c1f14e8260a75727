import type { Endpoint } from "./endpoint.ts";

export interface Usable {
  readonly endpoints: readonly Endpoint[];
  /** When another one becomes usable by the mere passing of time; Infinity for never. */
  readonly until: number;
}

/**
 * Those that may get calls now. Ejections count for each version by itself: if more than the allowed share of one is
 * ejected, the fault is hardly theirs, and all of them are used (Envoy's panic). Marks always count: when nobody is
 * left, the broker knows who has room.
 */
export function usableOf(all: readonly Endpoint[], maxEjectedPercent: number, now: number): Usable {
  const panicking = panickingOf(all, maxEjectedPercent, now);
  let until = Number.POSITIVE_INFINITY;
  for (const endpoint of all) {
    if (endpoint.isMarked(now)) until = Math.min(until, endpoint.markedUntil);
    if (!endpoint.admits(now)) until = Math.min(until, endpoint.guard!.until);
  }
  const endpoints = all.filter(
    (endpoint) => !endpoint.isMarked(now) && (endpoint.admits(now) || panicking.has(endpoint.version)),
  );
  return { endpoints, until };
}

/** The versions of which so many are ejected that all are used. */
export function panickingOf(
  all: Iterable<Endpoint>,
  maxEjectedPercent: number,
  now: number,
): ReadonlySet<string> {
  const versions = new Map<string, { known: number; ejected: number }>();
  for (const endpoint of all) {
    const counts = versions.get(endpoint.version) ?? { known: 0, ejected: 0 };
    versions.set(endpoint.version, counts);
    counts.known++;
    if (!endpoint.admits(now)) counts.ejected++;
  }
  const panicking = new Set<string>();
  for (const [version, { known, ejected }] of versions)
    if (ejected > mostEjected(known, maxEjectedPercent)) panicking.add(version);
  return panicking;
}

/** One of two or more may always be ejected, and one always stays. */
const mostEjected = (known: number, percent: number): number =>
  percent === 0 ? 0 : Math.min(known - 1, Math.max(1, Math.floor((known * percent) / 100)));
