import type { Finding } from "../../resources/finding.ts";
import type { Item } from "./files/load.ts";
import { printJson } from "./print.ts";
import { placeAll, reportOf } from "./report.ts";

/**
 * Tells that nothing was done, and why: on stderr, and as JSON on stdout for programs. The exit code is 1.
 * @param done what was not, such as `applied`
 * @param more what is to be said besides
 */
export function refuse(
  findings: readonly Finding[],
  items: readonly Item[],
  done: string,
  output: "table" | "json" | "yaml",
  more?: string,
): void {
  const placed = placeAll(findings, items);
  if (output === "json") printJson({ findings: placed });
  process.stderr.write(
    reportOf(placed, `: nothing was ${done}${more === undefined ? "" : `; ${more}`}`, process.stderr),
  );
  process.exitCode = 1;
}

/** Tells what is doubtful although nothing stands against it. */
export function warn(findings: readonly Finding[], items: readonly Item[], dryRun: boolean): void {
  if (findings.length === 0) return;
  const outcome = `: ${dryRun ? "would be applied" : "applied"} all the same`;
  process.stderr.write(reportOf(placeAll(findings, items), outcome, process.stderr));
}
