import { userInfo } from "node:os";
import { UsageFault } from "../fault.ts";
import type { ApplyFlags } from "../verbs/apply.ts";
import { type ChangeAnswer, printChanges } from "./changes.ts";
import { checkReadable } from "./check.ts";
import { load } from "./files/load.ts";
import { refuse, warn } from "./outcome.ts";
import { isRefused, writePolicy } from "./registry.ts";

/** Puts the resources of files into force, or says why not. */
export async function apply(flags: ApplyFlags): Promise<void> {
  const { filename = [], recursive, dryRun = false, allowUnknown = false, output } = flags;
  if (filename.length === 0) throw new UsageFault("there is nothing to apply", "name a file with -f FILE");
  const { items, findings } = await load(filename, recursive);
  const send = (dry: boolean) =>
    writePolicy<ChangeAnswer>(flags, "/v1/policy/apply", {
      resources: items.map(({ value }) => value),
      ...{ dryRun: dry, allowUnknown, by: whoAmI() },
    });
  // The registry has the last word; of what cannot be read it only judges the rest, so that all is told at once.
  if (findings.length > 0) {
    const checked = await checkReadable(items, async () => (await send(true)).findings ?? []);
    return refuse([...findings, ...checked.findings], items, "applied", output, checked.unasked);
  }
  const answer = await send(dryRun);
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
