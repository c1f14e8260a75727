import type { Scenario } from "../scenario.ts";
import { PERCENTILES } from "../scenario.ts";

/** What a generator saw while it measured. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Answers other than 2xx, broken connections, requests never answered. */
  readonly errors: number;
  /** Latency in µs at each of `PERCENTILES`. */
  readonly percentilesUs: readonly number[];
}

/** Where an HTTP generator sends to. */
export interface HttpTarget {
  readonly port: number;
  /** Value of `Host`. */
  readonly host: string;
}

export interface Timing {
  readonly warmupS: number;
  readonly measureS: number;
}

/** Puts a load on something, first to warm up, then to measure. `measuring` is called between the two. */
export type Generator = (scenario: Scenario, timing: Timing, measuring: () => void) => Promise<LoadResult>;

/** Latencies in µs at each of `PERCENTILES`, by the nearest rank. Sorts `samples` in place. */
export function percentilesOf(samples: Float64Array): number[] {
  if (samples.length === 0) return PERCENTILES.map(() => 0);
  samples.sort();
  // The rank of p99.9 among 1000 is 999, though the product comes out a hair above it.
  const rank = (p: number): number => Math.ceil((p * samples.length) / 100 - 1e-9);
  return PERCENTILES.map((p) => samples[Math.max(0, rank(p) - 1)]!);
}
