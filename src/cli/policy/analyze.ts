import type { Finding } from "../../resources/finding.ts";
import { UsageFault } from "../fault.ts";
import type { AnalyzeFlags } from "../verbs/analyze.ts";
import { type Checked, checkOffline, checkReadable } from "./check.ts";
import { type Item, load } from "./files/load.ts";
import { print, printJson } from "./print.ts";
import { askPolicy } from "./registry.ts";
import { placeAll, reportOf } from "./report.ts";

/** Prints what is wrong, or doubtful, with files, or with what is in force. The exit code is 1 when there is anything. */
export async function analyze(files: readonly string[], flags: AnalyzeFlags): Promise<void> {
  const { live = false, recursive, output } = flags;
  if (files.length === 0 && !live)
    throw new UsageFault(
      "there is nothing to look at",
      "name files, or look at what is in force with --live",
    );
  const { items, findings: unread } =
    files.length === 0 ? { items: [], findings: [] } : await load(files, recursive);
  const checked = await check(items, unread.length > 0, flags);
  const findings = placeAll([...unread, ...checked.findings], items);
  const { unasked } = checked;
  if (output === "json") printJson({ findings, ...(unasked === undefined ? {} : { unasked }) });
  else print(textOf(findings, items.length, files.length > 0, unasked));
  if (findings.length > 0) process.exitCode = 1;
}

/** The registry finds all that can be found here, and more. @param isPart whether there is more than could be read */
async function check(items: readonly Item[], isPart: boolean, flags: AnalyzeFlags): Promise<Checked> {
  if (!flags.live) return { findings: await checkOffline(items) };
  if (isPart) return checkReadable(items, () => askLive(items, flags));
  return { findings: await askLive(items, flags) };
}

async function askLive(items: readonly Item[], flags: AnalyzeFlags): Promise<readonly Finding[]> {
  const resources = items.map(({ value }) => value);
  const { findings } = await askPolicy<{ findings: Finding[] }>(flags, "/v1/policy/analyze", { resources });
  return findings;
}

function textOf(findings: readonly Finding[], count: number, fromFiles: boolean, unasked?: string): string {
  const of = fromFiles ? `${count} resource${count === 1 ? "" : "s"}` : "what is in force";
  return findings.length === 0
    ? `${of}: nothing to mend\n`
    : reportOf(findings, ` in ${of}${unasked === undefined ? "" : `; ${unasked}`}`, process.stdout);
}
