import type { GraphEdge } from "../data/answers.ts";

export interface SlowVersion {
  readonly service: string;
  readonly version: string;
  readonly p50: number;
  readonly otherVersion: string;
  readonly otherP50: number;
}

/** A slow version gets few calls, as callers choose the quicker: so the median is judged, which few calls are enough for. */
const MIN_CALLS = 5;
/** So many times as slow as the quickest version, and by so many ms: then it is no chance, and somebody notices. */
const TIMES = 3;
const MIN_MORE_MS = 50;

/** Versions that are much slower than another of the same service, as one of its callers sees them. */
export function slowVersions(edges: readonly GraphEdge[]): SlowVersion[] {
  const found = new Map<string, SlowVersion>();
  for (const { to, versions } of edges) {
    const known = versions.filter(
      ({ calls, p50, version }) => version !== "" && calls >= MIN_CALLS && p50 !== null,
    );
    const [quickest, ...others] = known.sort((a, b) => a.p50! - b.p50!);
    for (const { version, p50 } of others) {
      const than = quickest!.p50!;
      const isSlow = p50! > TIMES * than && p50! - than > MIN_MORE_MS;
      if (isSlow && !((found.get(`${to} ${version}`)?.p50 ?? 0) > p50!))
        found.set(`${to} ${version}`, {
          service: to,
          version,
          p50: p50!,
          otherVersion: quickest!.version,
          otherP50: than,
        });
    }
  }
  return [...found.values()];
}
