import { type Command, InvalidArgumentError } from "commander";
import { duration, valued, withOutput, withState } from "../flags.ts";

export interface CheckFlags {
  readonly state: string;
  readonly output: "table" | "json";
  /** ms */
  readonly failBefore: number;
}

/** `weft check` */
export function define(command: Command): Command {
  return withOutput(withState(command))
    .description(
      "Look whether the mesh of a state folder is well: its parts, their credentials, what ends soon, who does not renew.\nA line for each thing: ok, warn or fail, and what to do. Exit code 1 when anything fails.",
    )
    .addOption(
      valued("--fail-before <duration>", "also fail for what ends within this, such as 30d", life, "0s"),
    )
    .addHelpText("after", "\nExamples:\n  weft check\n  weft check --fail-before 30d -o json")
    .action(async (flags: CheckFlags) => (await import("../check/run-check.ts")).runCheck(flags));
}

/** A duration, or days. @returns ms */
function life(text: string): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  if (days !== undefined) return Number(days) * 86_400_000;
  try {
    return duration(text);
  } catch {
    throw new InvalidArgumentError("Give days, such as 30d, or a duration such as 12h.");
  }
}
