import { resolve } from "node:path";
import { askRegistry } from "../get/ask.ts";
import { needState } from "../identity/need-state.ts";
import { printJson, printLine } from "../policy/print.ts";
import { painter } from "../terminal.ts";
import { readUp } from "../up/record.ts";
import type { CheckFlags } from "../verbs/check.ts";
import { access, connections, limits } from "./broker-side.ts";
import { type Check, type Finding, runChecks } from "./check.ts";
import { gateways } from "./gateways.ts";
import { audit, identities, lifetimes, revocations, rotation, secrets } from "./lasting.ts";
import { instances, policy } from "./members.ts";
import { authority, broker, clocks, registry, up } from "./running.ts";
import { services } from "./services.ts";
import { versions } from "./versions.ts";

/** In the order of what they print. */
const CHECKS: readonly Check[] = [
  ...[up, broker, clocks, authority, registry],
  ...[versions, instances, services, policy, access, connections, limits],
  ...[identities, revocations, lifetimes, gateways, rotation, secrets, audit],
];

/** Looks at everything. @param state an absolute path @param failBeforeMs what ends within this fails */
function looks(state: string, failBeforeMs: number): AsyncGenerator<readonly Finding[]> {
  const up = readUp(state);
  const answers = new Map<string, Promise<unknown>>();
  const ask = <Answer>(path: string): Promise<Answer> => {
    const answer = answers.get(path) ?? askRegistry(up!.registry.url, path);
    answers.set(path, answer);
    return answer as Promise<Answer>;
  };
  return runChecks(CHECKS, { state, up, ask, now: Date.now(), failBeforeMs });
}

/** The same, all together. */
export async function findingsOf(state: string, failBeforeMs: number): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const findings of looks(state, failBeforeMs)) all.push(...findings);
  return all;
}

/** Looks at everything, prints a line for each thing as it is known. The exit code is 1 when anything fails. */
export async function runCheck(flags: CheckFlags): Promise<void> {
  const state = resolve(flags.state);
  needState(state);
  const all: Finding[] = [];
  for await (const findings of looks(state, flags.failBefore)) {
    all.push(...findings);
    if (flags.output !== "json") for (const finding of findings) printLine(lineOf(finding));
  }
  if (flags.output === "json") printJson(all);
  process.exitCode = all.some(({ level }) => level === "fail") ? 1 : 0;
  // What hangs is still being asked; once all is written, nothing more is to come of it.
  process.stdout.write("", () => process.exit());
}

const LEVEL_WIDTH = "warn".length;
const WHAT_WIDTH = Math.max(...CHECKS.map(({ what }) => what.length));
const STYLES = { ok: "green", warn: "yellow", fail: "red" } as const;

function lineOf({ level, what, says, cure }: Finding): string {
  const padding = " ".repeat(LEVEL_WIDTH - level.length);
  const mark = painter(process.stdout)(STYLES[level], level) + padding;
  const line = `${mark}  ${what.padEnd(WHAT_WIDTH)}  ${says}`;
  return cure === undefined ? line : `${line}\n${" ".repeat(LEVEL_WIDTH + 2)}${cure}`;
}
