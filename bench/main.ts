import { writeFileSync } from "node:fs";
import { machineSentence } from "./machine.ts";
import { htmlReport } from "./report/html.ts";
import type { Report } from "./report/report.ts";
import { balanceText, goalsText, policyText, streamsText, textTable } from "./report/text.ts";
import { BALANCE, POLICY, produceReport } from "./run.ts";

export interface BenchOptions {
  /** Command line of `weft`, for the mesh and for the processes of the bench itself (`weft bench role …`). */
  readonly weft: readonly string[];
  readonly quick?: boolean;
  readonly rounds?: number;
  readonly durationS?: number;
  /** Names of paths to measure, `policy` and `balance`; all by default. */
  readonly only?: readonly string[];
  readonly json?: string;
  readonly html?: string;
  /** Exit code 1 when a goal is missed. */
  readonly check?: boolean;
  /** Where the table goes; stdout by default. */
  readonly print?: (text: string) => void;
  /** Where the progress line goes; stderr by default. */
  readonly progress?: NodeJS.WritableStream;
}

/** Runs the latency suite and prints its table. Gives the exit code. */
export async function runBench(options: BenchOptions): Promise<number> {
  const { print = (text) => process.stdout.write(`${text}\n`) } = options;
  const report = await produceReport(options);
  print(machineSentence(report.machine));
  for (const { name, reason } of report.skipped) print(`left out: ${name}: ${reason}`);
  if (report.rows.length > 0) print(`\n${textTable(report.rows)}`);
  if (report.streams.length > 0) print(`\n${streamsText(report.streams)}`);
  if (report.policy) print(`\n${policyText(report.policy)}`);
  if (report.balance.length > 0) print(`\n${balanceText(report.balance)}`);
  print(`\n${goalsText(report.goals)}`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 1)}\n`);
  if (options.html) writeFileSync(options.html, htmlReport(report));
  for (const file of [options.json, options.html]) if (file) print(`written: ${file}`);
  return options.check && !holds(report) ? 1 : 0;
}

/** No goal is missed, and what is of the mesh was there to be measured; peers may be absent. */
const holds = ({ goals, skipped }: Report): boolean =>
  goals.every(({ verdict }) => verdict !== "missed") &&
  !skipped.some(({ name }) => name.startsWith("mesh") || name === POLICY || name === BALANCE);
