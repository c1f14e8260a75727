import { Fault, UsageFault } from "../fault.ts";
import { table } from "../terminal.ts";
import type { HistoryFlags } from "../verbs/history.ts";
import { yamlStreamOf } from "./canonical.ts";
import { diffOf, titleOf } from "./changes.ts";
import { differences } from "./differences.ts";
import { print, printJson, printLine } from "./print.ts";
import { readPolicy } from "./registry.ts";
import { printable } from "./report.ts";
import { type Entry, resourceRows } from "./rows.ts";

interface Summary {
  readonly revision: number;
  readonly at: string;
  readonly by: string;
  readonly cause: string;
  readonly created: number;
  readonly configured: number;
  readonly deleted: number;
}

interface Revision extends Summary {
  readonly resources: readonly Entry[];
}

const HEAD = ["REVISION", "AT", "BY", "CAUSE", "CREATED", "CONFIGURED", "DELETED"];

/** Lists the revisions of the policy, or shows one of them. */
export async function history(revision: number | undefined, flags: HistoryFlags): Promise<void> {
  if (revision !== undefined) return flags.diff ? showDiff(revision, flags) : show(revision, flags);
  if (flags.diff) throw new UsageFault("--diff of which revision?", "give one that weft history lists");
  const revisions = await revisionsOf(flags);
  if (flags.output === "json") printJson(revisions);
  else if (flags.output === "yaml") print(yamlStreamOf(revisions));
  else printLine(table([HEAD, ...revisions.map(row)]));
}

const revisionsOf = async (flags: HistoryFlags): Promise<Summary[]> =>
  (await readPolicy<{ revisions: Summary[] }>(flags, "/v1/policy/history")).revisions;

const row = ({ revision, at, by, cause, created, configured, deleted }: Summary): string[] => [
  ...[String(revision), at.replace(/\.\d+Z$/, "Z"), printable(by) || "-", printable(cause)],
  ...[created, configured, deleted].map(String),
];

const revisionOf = (revision: number, flags: HistoryFlags): Promise<Revision> =>
  readPolicy<Revision>(flags, `/v1/policy/history/${revision}`);

async function show(revision: number, flags: HistoryFlags): Promise<void> {
  const shown = await revisionOf(revision, flags);
  const { resources } = shown;
  if (flags.output === "json") return printJson(shown);
  if (flags.output === "yaml") return print(yamlStreamOf(resources.map(({ resource }) => resource)));
  printLine(table([HEAD, row(shown)]));
  printLine(`\n${table(resourceRows(resources, Date.now()))}`);
}

/** What a revision changed: it beside the one before it. */
async function showDiff(revision: number, flags: HistoryFlags): Promise<void> {
  if (flags.output === "yaml") throw new UsageFault("a --diff is no YAML", "leave one of the two out");
  const revisions = await revisionsOf(flags);
  const after = await revisionOf(revision, flags);
  const earlier = revisions.find((one) => one.revision < revision);
  if (earlier === undefined && revision > 0)
    throw new Fault(
      `what was before revision ${revision} is not kept any more`,
      `weft history ${revision} shows the whole of it`,
    );
  const before = earlier === undefined ? [] : (await revisionOf(earlier.revision, flags)).resources;
  const changes = differences(before, after.resources);
  if (flags.output === "json") return printJson(changes);
  for (const change of changes)
    printLine(`${titleOf(change.key)} ${change.change}\n${diffOf(change).trimEnd()}`);
  if (changes.length === 0) printLine(`revision ${revision} changed nothing`);
}
