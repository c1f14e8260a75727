import type { Finding } from "../../resources/finding.ts";
import { painter } from "../terminal.ts";
import type { Item, PlacedFinding } from "./files/load.ts";

/**
 * Gives findings of the registry, or of a check, the places of the items that were checked; without those that only
 * say once more that a value could not be read.
 */
export const placeAll = (findings: readonly Finding[], items: readonly Item[]): (Finding | PlacedFinding)[] =>
  findings.flatMap((found) => {
    const item = items[found.document ?? -1];
    if (item === undefined) return [found];
    return item.isUnread(found) ? [] : [withOther(item.place(found), items)];
  });

/** Names the second place, too, when the finding has one. */
function withOther(found: PlacedFinding, items: readonly Item[]): PlacedFinding {
  const { other, message } = found;
  const item = items[other?.document ?? -1];
  if (other === undefined || item === undefined) return found;
  const { file, line, column } = item.place({ ...found, path: other.path });
  const place = `${file}:${line}:${column}`;
  return { ...found, message: `${message}; the other is ${place}`, other: { ...other, file, line, column } };
}

/**
 * Findings as text, in the order of their places: a line that editors and terminals can follow, and what to do.
 * @param outcome what follows the count in the last line
 */
export function reportOf(findings: readonly Finding[], outcome: string, stream: { isTTY?: boolean }): string {
  const paint = painter(stream);
  const blocks = [...findings].sort(byPlace).map((found) => {
    const { file, line, column, resource, path, severity, code, message, cure } = found;
    const where =
      file === undefined ? [resource, path].filter(Boolean).join(" ") : `${file}:${line}:${column}`;
    const what = `${paint(severity === "error" ? "red" : "yellow", `${severity} ${code}:`)} ${printable(message)}`;
    const in_ = file === undefined || !path ? "" : ` (${[resource, path].filter(Boolean).join(" ")})`;
    return `${where === "" ? "" : `${printable(where)}: `}${what}${printable(in_)}\n      ${printable(cure)}\n`;
  });
  return `${blocks.join("")}${countOf(findings)}${outcome}\n`;
}

/** What has no place, such as that there are more findings, comes last. */
function byPlace(a: Finding, b: Finding): number {
  return (
    Number(a.file === undefined) - Number(b.file === undefined) ||
    compare(a.file ?? "", b.file ?? "") ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    compare(a.resource ?? "", b.resource ?? "") ||
    compare(a.path, b.path)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** `2 errors and 1 warning`. */
function countOf(findings: readonly Finding[]): string {
  const counts = (["error", "warning"] as const).flatMap((severity) => {
    const count = findings.filter((found) => found.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return counts.join(" and ");
}

/** What comes from files and from other machines must not steer the terminal. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`);
