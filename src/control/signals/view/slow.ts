import { quantileMs } from "../../../telemetry/histogram.ts";
import { COLUMNS } from "../columns.ts";
import type { Series } from "../series.ts";
import { COARSE, type Window } from "../window.ts";
import { latestOf } from "./latest.ts";
import { callsIn } from "./sum.ts";

/** A service that takes much longer than in the hour before. */
export interface Slow {
  /** Of its latest calls, how many take longer than `ms`. */
  readonly share: "half" | "a tenth";
  readonly ms: number;
  /** What that was before. */
  readonly usualMs: number;
}

/** So many times as slow as usual, and by so many ms: then it is no chance, and somebody notices. */
const TIMES = 3;
const MIN_MORE_MS = 100;
/** Minutes of the past with fewer calls say little; with fewer such minutes nobody knows what is usual. */
const MIN_CALLS_OF_MINUTE = 5;
const MIN_MINUTES = 3;

/**
 * The usual is a minute that is better than most (of medians), so that what is slow for half an hour does not become the
 * usual; of the slowest tenth one that is worse than most, as its size changes with what is asked for. A moment in which
 * everything stands still makes neither half of 30 s nor a tenth of a minute.
 */
const JUDGED = [
  { share: "half", quantile: 0.5, nowMs: 30_000, calls: 10, usual: 0.25 },
  { share: "a tenth", quantile: 0.9, nowMs: 60_000, calls: 50, usual: 0.75 },
] as const;

/** @param incoming calls to one service @param window its end is what counts as now */
export function slowOf(incoming: readonly Series[], window: Window): Slow | undefined {
  for (const { share, quantile, nowMs, calls, usual } of JUDGED) {
    const latest = latestOf(incoming, window, nowMs, calls);
    const ms = latest && quantileMs(latest.sums, quantile);
    // The past is only looked at where it matters.
    if (ms === undefined || ms <= MIN_MORE_MS) continue;
    const usualMs = usualOf(incoming, latest!.from, quantile, usual);
    if (usualMs !== undefined && isMuchMore(ms, usualMs, MIN_MORE_MS)) return { share, ms, usualMs };
  }
  return undefined;
}

/** So many times as slow, and by so much that somebody notices. */
export const isMuchMore = (ms: number, thanMs: number, byMs: number): boolean =>
  ms > TIMES * thanMs && ms - thanMs > byMs;

/** Of a quantile of each minute in the hour before `end` (Unix ms), the one that stands at `place` (0 to 1) by size. */
function usualOf(all: readonly Series[], end: number, quantile: number, place: number): number | undefined {
  const { stepMs, keptMs } = COARSE;
  const to = Math.floor(end / stepMs) * stepMs;
  const minutes: number[] = [];
  const sums = new Float64Array(COLUMNS);
  for (let from = to - keptMs; from < to; from += stepMs) {
    sums.fill(0);
    for (const { counts } of all) counts.addStepTo(sums, from, stepMs);
    if (callsIn(sums) >= MIN_CALLS_OF_MINUTE) minutes.push(quantileMs(sums, quantile)!);
  }
  if (minutes.length < MIN_MINUTES) return undefined;
  return minutes.sort((a, b) => a - b)[Math.floor(place * (minutes.length - 1))];
}
