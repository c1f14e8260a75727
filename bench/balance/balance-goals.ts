import { type Verdict, verdict } from "../goals.ts";
import { median } from "../statistics.ts";
import { DEFAULT, type Situation } from "./cells.ts";
import type { BalanceMeasurement } from "./measure-balance.ts";

/** The goals of the default policy. */
export function judgeBalance(found: readonly BalanceMeasurement[]): Verdict[] {
  const ours = (situation: Situation): BalanceMeasurement[] =>
    found.filter((one) => one.situation === situation && one.policy === DEFAULT);
  const wellIn = (round: number): number | undefined =>
    ours("all well").find((one) => one.round === round)?.p99Ms;
  const ratios = ours("one slow").flatMap(({ round, p99Ms }) => {
    const well = wellIn(round);
    return well === undefined ? [] : [p99Ms / well];
  });
  // What is lost, and not what gets through: of that a tenth of tolerance would be a tenth of all calls.
  const lost = ours("one failing").map(({ goodput }) => 100 * (1 - goodput));
  const middle = (values: readonly number[]): number | undefined =>
    values.length === 0 ? undefined : median(values);
  return [
    verdict(
      { name: "p99 with one of five 10× slower ÷ all well", better: "lower", now: 3, next: 1.5 },
      middle(ratios),
      ratios.length,
    ),
    verdict(
      { name: "calls lost with one of five failing fast, %", better: "lower", now: 1, next: 0.5 },
      middle(lost),
      lost.length,
    ),
  ];
}
