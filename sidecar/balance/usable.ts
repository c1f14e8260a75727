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
  const versions = new Map<string, { known: number; ejected: number }>();
  let until = Number.POSITIVE_INFINITY;
  for (const endpoint of all) {
    const counts = versions.get(endpoint.version) ?? { known: 0, ejected: 0 };
    versions.set(endpoint.version, counts);
    counts.known++;
    if (endpoint.isMarked(now)) until = Math.min(until, endpoint.markedUntil);
    if (endpoint.admits(now)) continue;
    counts.ejected++;
    until = Math.min(until, endpoint.guard!.until);
  }
  const isPanicking = (version: string): boolean => {
    const { known, ejected } = versions.get(version)!;
    return ejected > mostEjected(known, maxEjectedPercent);
  };
  const endpoints = all.filter(
    (endpoint) => !endpoint.isMarked(now) && (endpoint.admits(now) || isPanicking(endpoint.version)),
  );
  return { endpoints, until };
}

/** One of two or more may always be ejected, and one always stays. */
const mostEjected = (known: number, percent: number): number =>
  percent === 0 ? 0 : Math.min(known - 1, Math.max(1, Math.floor((known * percent) / 100)));
