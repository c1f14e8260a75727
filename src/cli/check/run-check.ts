import { resolve } from "node:path";
import { needState } from "../identity/need-state.ts";
import { printJson, printLine } from "../policy/print.ts";
import { painter, table } from "../terminal.ts";
import { readUp } from "../up/record.ts";
import type { CheckFlags } from "../verbs/check.ts";
import { access, connections, limits } from "./broker-side.ts";
import { type Check, type Finding, runChecks } from "./check.ts";
import { audit, identities, lifetimes, revocations, rotation, secrets } from "./lasting.ts";
import { instances, policy } from "./members.ts";
import { authority, broker, clocks, registry, up } from "./running.ts";

/** In the order of what they print. */
const CHECKS: readonly Check[] = [
  ...[up, broker, clocks, authority, registry],
  ...[instances, policy, access, connections, limits],
  ...[identities, revocations, lifetimes, rotation, secrets, audit],
];

/** Looks at everything. @param state an absolute path @param failBeforeMs what ends within this fails */
export const findingsOf = (state: string, failBeforeMs: number): Promise<Finding[]> =>
  runChecks(CHECKS, { state, up: readUp(state), now: Date.now(), failBeforeMs });

/** Looks at everything, prints a line for each thing. The exit code is 1 when anything fails. */
export async function runCheck(flags: CheckFlags): Promise<void> {
  const state = resolve(flags.state);
  needState(state);
  const findings = await findingsOf(state, flags.failBefore);
  if (flags.output === "json") printJson(findings);
  else printLine(text(findings));
  process.exitCode = findings.some(({ level }) => level === "fail") ? 1 : 0;
}

function text(findings: readonly Finding[]): string {
  const paint = painter(process.stdout);
  const style = { ok: "green", warn: "yellow", fail: "red" } as const;
  const lines = table(findings.map(({ level, what, says }) => [level, what, says])).split("\n");
  return findings
    .flatMap(({ level, cure }, i) => {
      const line = paint(style[level], lines[i]!.slice(0, level.length)) + lines[i]!.slice(level.length);
      return cure === undefined ? [line] : [line, `      ${cure}`];
    })
    .join("\n");
}
