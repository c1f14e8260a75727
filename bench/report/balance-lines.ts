import { CELLS, type Cell, IN_TIME_MS, INSTANCES, RATE_PER_S } from "../balance/cells.ts";
import type { BalanceMeasurement } from "../balance/measure-balance.ts";
import { median } from "../statistics.ts";

export const balanceTitle = (): string =>
  `balance: ${INSTANCES} instances, ${RATE_PER_S} requests/s, open loop; goodput is what got a 2xx within ${IN_TIME_MS} ms`;

export const BALANCE_COLUMNS = [
  "situation",
  "policy",
  "p50 ms",
  "p99 ms",
  "goodput %",
  "calls to that one %",
];

/** A line for each situation and policy: medians of the rounds. */
export const balanceLines = (found: readonly BalanceMeasurement[]): string[][] =>
  CELLS.map((cell) => lineOf(cell, found));

function lineOf({ situation, policy }: Cell, found: readonly BalanceMeasurement[]): string[] {
  const here = found.filter((one) => one.situation === situation && one.policy === policy);
  const middle = (figure: (one: BalanceMeasurement) => number, digits: number): string =>
    median(here.map(figure)).toFixed(digits);
  return [
    situation,
    policy,
    middle(({ p50Ms }) => p50Ms, 1),
    middle(({ p99Ms }) => p99Ms, 1),
    middle(({ goodput }) => 100 * goodput, 2),
    middle(({ share }) => 100 * share, 1),
  ];
}
