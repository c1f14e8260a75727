import type { Finding } from "../../resources/finding.ts";
import type { Resource } from "../../resources/read.ts";
import { painter } from "../terminal.ts";
import { yamlOf, yamlStreamOf } from "./canonical.ts";
import { unifiedDiff } from "./diff.ts";
import { print, printJson, printLine } from "./print.ts";
import { printable } from "./report.ts";

/** What happened to one resource. */
export interface Change {
  readonly change: "created" | "configured" | "unchanged" | "deleted";
  /** `HTTPRoute/default/orders`. */
  readonly key: string;
  readonly before?: Resource;
  readonly after?: Resource;
}

/** The registry's answer to an apply, a delete or a rollback. */
export interface ChangeAnswer {
  readonly revision: number;
  readonly dryRun: boolean;
  readonly changes: readonly Change[];
  readonly findings?: readonly Finding[];
}

export interface ShowFlags {
  readonly output: "table" | "json" | "yaml";
  readonly diff?: boolean;
}

/** `HTTPRoute orders`, or `HTTPRoute shop/orders` outside of the default namespace. */
export function titleOf(key: string): string {
  const [kind, namespace, name] = key.split("/");
  return `${kind} ${namespace === "default" ? name : `${namespace}/${name}`}`;
}

/** Prints what a change did, or would do: a line for each resource, and the revision that came of it. */
export function printChanges(answer: ChangeAnswer, { output, diff }: ShowFlags): void {
  const { changes, dryRun } = answer;
  if (output === "json") printJson(answer);
  else if (output === "yaml")
    print(yamlStreamOf(changes.flatMap(({ after }) => (after === undefined ? [] : [after]))));
  else {
    for (const change of changes) {
      printLine(`${titleOf(change.key)} ${change.change}${dryRun ? " (dry run)" : ""}`);
      if (diff) print(diffOf(change));
    }
    printLine(outcome(answer));
  }
}

function outcome({ changes, dryRun, revision }: ChangeAnswer): string {
  if (dryRun) return "dry run: nothing was changed";
  const changed = changes.some(({ change }) => change !== "unchanged");
  return changed ? `revision ${revision}` : `revision ${revision} stays: nothing is different`;
}

/** The difference that a change makes to the resource as YAML; coloured on a terminal. */
export function diffOf({ key, before, after }: Pick<Change, "key" | "before" | "after">): string {
  const paint = painter(process.stdout);
  const text = (resource: Resource | undefined) => (resource === undefined ? "" : yamlOf(resource));
  const lines = unifiedDiff(text(before), text(after)).map((line) => {
    const shown = printable(line);
    if (line.startsWith("-")) return paint("red", shown);
    if (line.startsWith("+")) return paint("green", shown);
    return line.startsWith("@@") ? paint("cyan", shown) : shown;
  });
  if (lines.length === 0) return "";
  const name = (resource: Resource | undefined) => (resource === undefined ? "/dev/null" : titleOf(key));
  return `${paint("bold", `--- ${name(before)}`)}\n${paint("bold", `+++ ${name(after)}`)}\n${lines.join("\n")}\n`;
}
