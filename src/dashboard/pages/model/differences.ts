import { diffLines } from "diff";
import type { PolicyEntry, Resource } from "../data/answers.ts";
import { outline } from "./outline.ts";

export interface Line {
  readonly kind: "same" | "gone" | "new" | "skipped";
  readonly text: string;
}
export interface Difference {
  readonly title: string;
  readonly change: "created" | "configured" | "deleted";
  readonly lines: readonly Line[];
}

/** Lines that stay the same are shown so far around those that do not. */
const AROUND = 3;

export const titleOf = ({ kind, metadata: { name, namespace = "default" } }: Resource): string =>
  `${kind} ${namespace === "default" ? name : `${namespace}/${name}`}`;

/** What made the one policy of the other, resource by resource. */
export function differencesOf(before: readonly PolicyEntry[], after: readonly PolicyEntry[]): Difference[] {
  const [old, fresh] = [before, after].map(byTitle);
  const titles = [...new Set([...old!.keys(), ...fresh!.keys()])].sort();
  return titles.flatMap((title): Difference[] => {
    const [was, is] = [old!.get(title), fresh!.get(title)];
    if (was === is) return [];
    const change = was === undefined ? "created" : is === undefined ? "deleted" : "configured";
    return [{ title, change, lines: linesOf(was ?? "", is ?? "") }];
  });
}

const byTitle = (entries: readonly PolicyEntry[]): Map<string, string> =>
  new Map(entries.map(({ resource }) => [titleOf(resource), `${outline(resource).join("\n")}\n`]));

function linesOf(was: string, is: string): Line[] {
  const all = diffLines(was, is).flatMap(({ value, added, removed }): Line[] =>
    value
      .replace(/\n$/, "")
      .split("\n")
      .map((text) => ({ kind: added ? "new" : removed ? "gone" : "same", text })),
  );
  const shown = all.map((_, i) =>
    all.slice(Math.max(0, i - AROUND), i + AROUND + 1).some(({ kind }) => kind !== "same"),
  );
  return all.flatMap((line, i): Line[] => {
    if (shown[i]) return [line];
    return i === 0 || shown[i - 1] ? [{ kind: "skipped", text: "…" }] : [];
  });
}
