import { COLUMNS } from "../columns.ts";
import type { Series } from "../series.ts";
import type { Window } from "../window.ts";
import { callsIn } from "./sum.ts";

/** What is further back says nothing of now. */
const MOST_MS = 5 * 60_000;

/** The calls at the end of a window: columns, added up from `from` (Unix ms) on. */
export interface Latest {
  readonly sums: Float64Array;
  readonly from: number;
}

/**
 * Goes back from the end of the window until there are enough calls: what gets few is judged by its last ones, however
 * long ago they were, and what gets many by those of just now.
 * @param leastMs goes back so far in any case, so that one bad moment is not taken for a state
 * @returns undefined when there are fewer than `calls` within five minutes
 */
export function latestOf(
  all: readonly Series[],
  { to, stepMs }: Window,
  leastMs: number,
  calls: number,
): Latest | undefined {
  const sums = new Float64Array(COLUMNS);
  for (let from = to - stepMs; to - from <= MOST_MS; from -= stepMs) {
    for (const { counts } of all) counts.addStepTo(sums, from, stepMs);
    if (to - from >= leastMs && callsIn(sums) >= calls) return { sums, from };
  }
  return undefined;
}
