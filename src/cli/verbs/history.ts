import type { Command } from "commander";
import { revision, withOutput, withRegistry } from "../flags.ts";

export interface HistoryFlags {
  readonly state: string;
  readonly registry?: string;
  readonly diff?: boolean;
  readonly output: "table" | "json" | "yaml";
}

/** `weft history [REVISION]` */
export function define(command: Command): Command {
  return withOutput(withRegistry(command), ["table", "json", "yaml"])
    .description("List the changes of the policy, newest first, or show the policy as it was at a revision.")
    .argument("[revision]", "show the resources of this revision", revision)
    .option("--diff", "show what the revision changed, line by line")
    .addHelpText(
      "after",
      "\nExamples:\n  weft history\n  weft history 7 --diff\n  weft history 6 -o yaml > before.yaml",
    )
    .action(async (number: number | undefined, flags: HistoryFlags) =>
      (await import("../policy/history.ts")).history(number, flags),
    );
}
