import type { RollbackFlags } from "../verbs/rollback.ts";
import { whoAmI } from "./apply.ts";
import { type ChangeAnswer, printChanges } from "./changes.ts";
import { refuse } from "./outcome.ts";
import { isRefused, writePolicy } from "./registry.ts";

/** Puts the policy back as it was at a revision; without one, as it was before the last change. */
export async function rollback(revision: number | undefined, flags: RollbackFlags): Promise<void> {
  const answer = await writePolicy<ChangeAnswer>(flags, "/v1/policy/rollback", {
    ...(revision === undefined ? {} : { revision }),
    ...{ dryRun: flags.dryRun ?? false, by: whoAmI() },
  });
  if (isRefused(answer)) return refuse(answer.findings, [], "rolled back", flags.output);
  printChanges(answer, flags);
}
