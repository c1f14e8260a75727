import { quantileMs } from "../../../telemetry/histogram.ts";
import type { Series } from "../series.ts";
import type { Window } from "../window.ts";
import type { Edge } from "./edges.ts";
import { latestOf } from "./latest.ts";
import { isMuchMore } from "./slow.ts";

/** A version that is much slower than another of the same service: medians in ms. */
export interface SlowVersion {
  readonly version: string;
  readonly p50: number;
  readonly other: string;
  readonly otherP50: number;
}

/** A slow version gets few calls, as callers choose the quicker: so the median is judged, which few calls are enough for. */
const MIN_CALLS = 5;
const NOW_MS = 15_000;
/** Less than what is asked of a service against its own past: here both are of the same moment. */
const MIN_MORE_MS = 50;

/**
 * Each version that is much slower than the quickest, as the caller sees it to whom that is worst.
 * @param incoming edges to one service @param window its end is what counts as now
 */
export function slowVersionsOf(incoming: readonly Edge[], window: Window): SlowVersion[] {
  const found = new Map<string, SlowVersion>();
  for (const { calls } of incoming) {
    const [quickest, ...others] = mediansOf(calls, window);
    for (const { version, p50 } of others)
      if (isMuchMore(p50, quickest!.p50, MIN_MORE_MS) && p50 > (found.get(version)?.p50 ?? 0))
        found.set(version, { version, p50, other: quickest!.version, otherP50: quickest!.p50 });
  }
  return [...found.values()];
}

/** Of each version that is called enough, the quickest first. */
function mediansOf(calls: readonly Series[], window: Window) {
  const named = calls.flatMap((series) => {
    const { of } = series;
    return of.kind === "edge" && of.version !== "" ? [{ version: of.version, series }] : [];
  });
  if (named.length < 2) return [];
  return named
    .flatMap(({ version, series }) => {
      const latest = latestOf([series], window, NOW_MS, MIN_CALLS);
      return latest === undefined ? [] : [{ version, p50: quantileMs(latest.sums, 0.5)! }];
    })
    .sort((a, b) => a.p50 - b.p50);
}
