import { userInfo } from "node:os";
import { UsageFault } from "../fault.ts";
import type { ApplyFlags } from "../verbs/apply.ts";
import { type ChangeAnswer, printChanges } from "./changes.ts";
import { checkOffline } from "./check.ts";
import { load } from "./files/load.ts";
import { refuse, warn } from "./outcome.ts";
import { isRefused, writePolicy } from "./registry.ts";

/** Puts the resources of files into force, or says why not. */
export async function apply(flags: ApplyFlags): Promise<void> {
  const { filename = [], recursive, dryRun = false, allowUnknown = false, output } = flags;
  if (filename.length === 0) throw new UsageFault("there is nothing to apply", "name a file with -f FILE");
  const { items, findings } = await load(filename, recursive);
  // The registry has the last word; but when the files cannot be read it is not asked, and all is told at once.
  if (findings.length > 0)
    return refuse([...findings, ...(await checkOffline(items))], items, "applied", output);
  const answer = await writePolicy<ChangeAnswer>(flags, "/v1/policy/apply", {
    resources: items.map(({ value }) => value),
    ...{ dryRun, allowUnknown, by: whoAmI() },
  });
  if (isRefused(answer)) return refuse(answer.findings, items, "applied", output);
  warn(answer.findings ?? [], items, dryRun);
  printChanges(answer, flags);
}

/** The name in the history: what the system calls this user. */
export function whoAmI(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown"; // a container may have a user without a name
  }
}
