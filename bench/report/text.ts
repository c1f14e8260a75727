import type { BalanceMeasurement } from "../balance/measure-balance.ts";
import type { Verdict } from "../goals.ts";
import type { PolicyFigures } from "../policy/measure-policy.ts";
import { describeScenario, percentileIndex, scenarioKey } from "../scenario.ts";
import type { Growth } from "../stream.ts";
import type { Row } from "../summary.ts";
import { BALANCE_COLUMNS, balanceLines, balanceTitle } from "./balance-lines.ts";
import { policyLines, policyTitle } from "./policy-lines.ts";

const COLUMNS = [
  "path",
  "p50 µs",
  "p90",
  "p99",
  "p99.9",
  "req/s",
  "±",
  "CPU µs/request by process",
  "RSS MiB",
];

/** The table: one block for each scenario, its fastest path first. */
export function textTable(rows: readonly Row[]): string {
  const scenarios = new Map(rows.map((row) => [scenarioKey(row.scenario), row.scenario]));
  return [...scenarios]
    .map(([key, scenario]) => {
      const here = rows.filter((row) => scenarioKey(row.scenario) === key);
      const sorted = [...here].sort((a, b) => latency(a) - latency(b));
      return `${describeScenario(scenario)}\n${grid([COLUMNS, ...sorted.map(cells)])}`;
    })
    .join("\n\n");
}

const latency = (row: Row): number => row.percentilesUs[percentileIndex(50)]!;

function cells(row: Row): string[] {
  const at = (p: 50 | 90 | 99 | 99.9): string => wholeNumber(row.percentilesUs[percentileIndex(p)]!);
  return [
    row.path + (row.errors > 0 ? ` (${row.errors} errors)` : ""),
    at(50),
    at(90),
    // At one connection the 99th percentile tells of the machine, not of the path.
    row.scenario.load.connections === 1 ? "-" : at(99),
    row.scenario.load.connections === 1 ? "-" : at(99.9),
    wholeNumber(row.requestsPerS),
    row.rounds > 1 ? `${Math.round(row.spread * 100)} %` : "-",
    roles(row.cpuUs),
    roles(row.rssMiB),
  ];
}

const roles = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([role, value]) => `${role} ${Math.round(value)}`)
    .join(", ") || "-";

export const wholeNumber = (value: number): string => Math.round(value).toLocaleString("en-US");

/** The goals, each with its figure and what came of it. */
export function goalsText(verdicts: readonly Verdict[]): string {
  const header = ["goal", "", "figure", "needed", "next", "rounds"];
  return grid([
    header,
    ...verdicts.map(({ name, verdict, value, better, now, next, rounds }) => {
      const sign = better === "higher" ? "≥" : "≤";
      return [name, verdict, value?.toFixed(2) ?? "-", `${sign} ${now}`, `${sign} ${next}`, String(rounds)];
    }),
  ]);
}

/** What long bodies did to the sidecars. */
export const streamsText = (streams: readonly Growth[]): string =>
  `streaming ${streams[0]!.bytes / 1024 ** 2} MiB each way\n${grid([
    ["path", "up MiB/s", "down MiB/s", "grew by MiB"],
    ...streams.map(({ path, upMiBPerS, downMiBPerS, growthMiB }) => [
      path,
      upMiBPerS.toFixed(0),
      downMiBPerS.toFixed(0),
      Object.entries(growthMiB)
        .map(([role, mib]) => `${role} ${mib.toFixed(1)}`)
        .join(", "),
    ]),
  ])}`;

/** What much policy costs. */
export const policyText = (policy: PolicyFigures): string =>
  `${policyTitle(policy)}\n${grid(policyLines(policy))}`;

/** What callers see of one instance that is slow or failing, under each way to balance. */
export const balanceText = (found: readonly BalanceMeasurement[]): string =>
  `${balanceTitle()}\n${grid([BALANCE_COLUMNS, ...balanceLines(found)])}`;

/** Columns padded to their widest cell; text to the left, numbers to the right. */
export function grid(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const numeric = lines[0]!.map((_, i) => lines.slice(1).every((line) => /^[-≥≤\d., %]*$/.test(line[i]!)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join("\n");
}
