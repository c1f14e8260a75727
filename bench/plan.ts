import type { Scenario } from "./scenario.ts";

/** What a run measures, and for how long. */
export interface Plan {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly measureS: number;
  readonly warmupS: number;
  /** Before the first measurement each path is put under load for so long, so that its code is compiled. */
  readonly firstWarmupS: number;
  /** Bytes streamed each way to see how much a sidecar grows; 0 leaves it out. */
  readonly streamBytes: number;
  /** How often many routes are applied. */
  readonly policyRounds: number;
  /** How often balancing is measured, and for how long each time: its percentiles need many calls. */
  readonly balanceRounds: number;
  readonly balanceS: number;
}

const OPEN_CONNECTIONS = 64;
const KIB = 1024;

/**
 * The figures of the goals: 20 rounds of 1 s. Of shared machines the speed may halve within seconds: what is compared is
 * measured close together, and often.
 */
export function fullPlan(): Plan {
  const bodies = [0, KIB, 64 * KIB];
  return {
    scenarios: bodies.flatMap((bodyBytes): Scenario[] => [
      ...[1, 16, 64].map((connections): Scenario => ({ load: { kind: "closed", connections }, bodyBytes })),
      ...openRates(bodyBytes).map(
        (ratePerS): Scenario => ({
          load: { kind: "open", connections: OPEN_CONNECTIONS, ratePerS },
          bodyBytes,
        }),
      ),
    ]),
    rounds: 20,
    measureS: 1,
    warmupS: 0.2,
    firstWarmupS: 8,
    streamBytes: 1024 ** 3,
    policyRounds: 3,
    balanceRounds: 3,
    balanceS: 4,
  };
}

/** Rates that every path should carry, so that latency is compared and not overload. */
const openRates = (bodyBytes: number): number[] => (bodyBytes > KIB ? [500] : [1000, 4000]);

/** Left out of a quick run unless it is asked for: it would take longer than it tells. */
export const NOT_QUICK: readonly string[] = [
  ...["mesh-routed", "mesh-usual", "mesh-logged", "mesh-traced", "mesh-tapped"],
  "balance",
];

/** About a minute: enough to see that all is well, not enough to judge a goal that is close. */
export function quickPlan(): Plan {
  return {
    scenarios: [
      { load: { kind: "closed", connections: 1 }, bodyBytes: 0 },
      { load: { kind: "closed", connections: 64 }, bodyBytes: 0 },
      { load: { kind: "open", connections: OPEN_CONNECTIONS, ratePerS: 1000 }, bodyBytes: KIB },
    ],
    rounds: 1,
    measureS: 1,
    warmupS: 0.3,
    firstWarmupS: 1,
    streamBytes: 0,
    policyRounds: 1,
    balanceRounds: 1,
    balanceS: 1,
  };
}

/** What each path is warmed up with first. */
export const FIRST_WARMUP: Scenario = { load: { kind: "closed", connections: 64 }, bodyBytes: KIB };

/** How long the measuring takes, in seconds. */
export const estimateS = ({ scenarios, rounds, measureS, warmupS }: Plan, paths: number): number =>
  paths * scenarios.length * rounds * (measureS + warmupS + 0.2);
