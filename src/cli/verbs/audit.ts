import type { Command } from "commander";
import { withOutput, withState } from "../flags.ts";

export interface AuditFlags {
  readonly state: string;
  readonly output: "table" | "json";
  readonly head?: string;
}

/** `weft audit verify|list` */
export function define(command: Command): Command {
  command
    .description("What the authority wrote down: each issue, renewal, denial and revocation.")
    .addHelpText("after", "\nExamples:\n  weft audit verify\n  weft audit list -o json");
  withOutput(withState(command.command("verify")))
    .description(
      "Follow the chain of the audit log: exit code 1 when an entry was changed, removed or put in.\nNote the head that it prints elsewhere: given as --head, it shows a log that was cut shorter since.",
    )
    .option("--head <hash>", "a head that was printed earlier")
    .addHelpText("after", "\nExamples:\n  weft audit verify\n  weft audit verify --head 5f1c…")
    .action(async (flags: AuditFlags) => (await import("../identity/audit.ts")).verify(flags));
  withOutput(withState(command.command("list")))
    .description("Print the entries, oldest first; as JSON, one a line.")
    .addHelpText("after", "\nExample:\n  weft audit list -o json | grep revoked")
    .action(async (flags: AuditFlags) => (await import("../identity/audit.ts")).list(flags));
  return command;
}
