/** Ten a decade. Each bound that OpenTelemetry's HTTP conventions advise is one of them, so theirs are exact sums. */
const STEPS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5];
const LAST_MS = 60_000;

/** Upper bounds of the buckets, in ms: 0.1 ms to 60 s, each 1.2 to 1.33 times the one before. */
export const BOUNDS_MS: readonly number[] = [0.1, 1, 10, 100, 1000, 10_000]
  // In tens of microseconds all are whole, so that no rounding makes a bound that nobody would write.
  .flatMap((decade) => STEPS.map((step) => (step * 1000 * (decade * 10)) / 10_000))
  .filter((bound) => bound <= LAST_MS);

/** Those with a bound, and one for what took longer. */
export const BUCKETS = BOUNDS_MS.length + 1;

/** The buckets that OpenTelemetry's HTTP conventions advise, in ms, and the last of ours that each of them covers. */
export const CONVENTIONAL: readonly (readonly [boundMs: number, last: number])[] = [
  ...[5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000],
].map((bound) => [bound, BOUNDS_MS.indexOf(bound)]);

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);
/** Sign, exponent and three bits of the fraction: eight cells an octave, so no cell has more than one bound in it. */
const CELL_SHIFT = 20;
/** For each cell, the bucket of the smallest number in it. */
const START = Uint8Array.from({ length: 2 ** (32 - CELL_SHIFT) }, (_, cell) => {
  bits[0] = cell << CELL_SHIFT;
  const [smallest] = float;
  const bucket = BOUNDS_MS.findIndex((bound) => smallest! <= bound);
  return bucket < 0 ? BUCKETS - 1 : bucket;
});

/** The bucket of a duration. Costs a few nanoseconds: a look into a table, and at most two comparisons. */
export function bucketOf(durationMs: number): number {
  float[0] = durationMs;
  let bucket = START[bits[0]! >>> CELL_SHIFT]!;
  while (bucket < BUCKETS - 1 && durationMs > BOUNDS_MS[bucket]!) bucket++;
  return bucket;
}

/**
 * The duration in ms that a share `q` (0 to 1) of the calls did not exceed, evenly spread within its bucket, as
 * Prometheus' `histogram_quantile` has it; undefined without calls. What took longer than 60 s counts as 60 s.
 * @param buckets counts, from index `at` on
 */
export function quantileMs(buckets: ArrayLike<number>, q: number, at = 0): number | undefined {
  let count = 0;
  for (let i = 0; i < BUCKETS; i++) count += buckets[at + i]!;
  if (count === 0) return undefined;
  const rank = q * count;
  let below = 0;
  for (let i = 0; i < BUCKETS - 1; i++) {
    const inside = buckets[at + i]!;
    if (inside > 0 && below + inside >= rank) {
      const from = i === 0 ? 0 : BOUNDS_MS[i - 1]!;
      return from + ((BOUNDS_MS[i]! - from) * (rank - below)) / inside;
    }
    below += inside;
  }
  return LAST_MS;
}
