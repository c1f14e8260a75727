import type { Measurement } from "./measure.ts";
import { PERCENTILES, type Scenario, scenarioKey } from "./scenario.ts";
import { median, spread } from "./statistics.ts";

/** All rounds of one path under one scenario: medians. */
export interface Row {
  readonly path: string;
  readonly scenario: Scenario;
  readonly rounds: number;
  readonly requestsPerS: number;
  /** Half range of the rounds' req/s as a share of the median. */
  readonly spread: number;
  readonly percentilesUs: readonly number[];
  readonly cpuUs: Readonly<Record<string, number>>;
  readonly rssMiB: Readonly<Record<string, number>>;
  /** Of all rounds. */
  readonly errors: number;
}

export const requestsPerS = ({ requests, seconds }: Measurement): number => requests / seconds;

/** One row for each path and scenario, scenarios in the order in which they are first met in `order`. */
export function summarize(measurements: readonly Measurement[], order: readonly Scenario[]): Row[] {
  const keys = order.map(scenarioKey);
  const groups = new Map<string, Measurement[]>();
  for (const one of measurements) {
    const key = `${scenarioKey(one.scenario)} ${one.path}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()]
    .map(toRow)
    .sort((a, b) => keys.indexOf(scenarioKey(a.scenario)) - keys.indexOf(scenarioKey(b.scenario)));
}

function toRow(rounds: readonly Measurement[]): Row {
  const { path, scenario } = rounds[0]!;
  const rates = rounds.map(requestsPerS);
  return {
    path,
    scenario,
    rounds: rounds.length,
    requestsPerS: median(rates),
    spread: spread(rates),
    percentilesUs: PERCENTILES.map((_, i) => median(rounds.map((round) => round.percentilesUs[i]!))),
    cpuUs: mediansByRole(rounds.map((round) => round.cpuUs)),
    rssMiB: mediansByRole(rounds.map((round) => round.rssMiB)),
    errors: rounds.reduce((sum, round) => sum + round.errors, 0),
  };
}

function mediansByRole(rounds: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const roles = new Set(rounds.flatMap((round) => Object.keys(round)));
  return Object.fromEntries(
    [...roles].map((role) => [role, median(rounds.flatMap((round) => round[role] ?? []))]),
  );
}
