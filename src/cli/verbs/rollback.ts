import type { Command } from "commander";
import { revision, withOutput, withRegistry } from "../flags.ts";

export interface RollbackFlags {
  readonly state: string;
  readonly registry?: string;
  readonly dryRun?: boolean;
  readonly diff?: boolean;
  readonly output: "table" | "json" | "yaml";
}

/** `weft rollback [REVISION]` */
export function define(command: Command): Command {
  return withOutput(withRegistry(command), ["table", "json", "yaml"])
    .description(
      "Put the whole policy back as it was at a revision, by default the one before the last change.\nIt makes a new revision: a rollback can be rolled back.",
    )
    .argument("[revision]", "as weft history lists them", revision)
    .option("--dry-run", "say what would be done")
    .option("--diff", "show what changes, line by line")
    .addHelpText(
      "after",
      `
Examples:
  weft rollback
  weft rollback 4 --dry-run --diff

Needs the admin token: of DIR/registry/admin-token, or in WEFT_ADMIN_TOKEN.`,
    )
    .action(async (number: number | undefined, flags: RollbackFlags) =>
      (await import("../policy/rollback.ts")).rollback(number, flags),
    );
}
