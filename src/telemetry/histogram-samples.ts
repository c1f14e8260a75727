import type { Labels, Sample } from "./family.ts";
import { BOUNDS_MS, BUCKETS, CONVENTIONAL } from "./histogram.ts";

/** Which of our buckets a histogram shows, and in what unit. */
export interface Shape {
  /** Upper bounds in ms, and the last bucket of ours that each of them covers. */
  readonly bounds: readonly (readonly [boundMs: number, last: number])[];
  readonly msPerUnit: number;
}

/** Seconds in the buckets of OpenTelemetry's HTTP conventions. */
export const OPEN_TELEMETRY: Shape = { bounds: CONVENTIONAL, msPerUnit: 1000 };

/** Milliseconds in Istio's buckets, as far as ours go. */
export const ISTIO: Shape = {
  bounds: [0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000].map((bound) => [
    bound,
    BOUNDS_MS.indexOf(bound),
  ]),
  msPerUnit: 1,
};

/**
 * One histogram as Prometheus reads it.
 * @param counts by bucket of `histogram.ts`, from index 0 on; there may be more behind them
 */
export function* histogramSamples(
  name: string,
  sharedLabels: Labels,
  counts: ArrayLike<number>,
  sumMs: number,
  { bounds, msPerUnit }: Shape,
): Generator<Sample> {
  let below = 0;
  let next = 0;
  for (const [boundMs, last] of bounds) {
    while (next <= last) below += counts[next++]!;
    yield { metricName: `${name}_bucket`, labels: { le: boundMs / msPerUnit }, sharedLabels, value: below };
  }
  while (next < BUCKETS) below += counts[next++]!;
  yield { metricName: `${name}_bucket`, labels: { le: "+Inf" }, sharedLabels, value: below };
  yield { metricName: `${name}_sum`, labels: {}, sharedLabels, value: sumMs / msPerUnit };
  yield { metricName: `${name}_count`, labels: {}, sharedLabels, value: below };
}
