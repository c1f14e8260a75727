import { type Command, InvalidArgumentError, Option } from "commander";
import { nameOf, withOutput, withRegistry } from "../flags.ts";

export interface TracesFlags {
  readonly state: string;
  readonly registry?: string;
  readonly output: "table" | "json";
  readonly slow?: boolean;
  readonly failed?: boolean;
  readonly limit: number;
}

function limit(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 500) return value;
  throw new InvalidArgumentError("Give a number from 1 to 500.");
}

/** `weft traces [SERVICE]` */
export function define(command: Command): Command {
  return withOutput(withRegistry(command))
    .description(
      "List traces of the last hour that sidecars keep: failed calls, those slower than usual, and one a second of the others.\nThe call shown is the one that failed, or else the longest.",
    )
    .argument("[service]", "only traces in which this one called or was called", nameOf("service"))
    .addOption(new Option("--slow", "only those with a call that took longer than usual").conflicts("failed"))
    .option("--failed", "only those with a call that failed")
    .addOption(new Option("--limit <count>", "at most so many").argParser(limit).default(50))
    .addHelpText(
      "after",
      "\nExamples:\n  weft traces\n  weft traces orders --slow\n  weft traces --failed -o json",
    )
    .action(async (service: string | undefined, flags: TracesFlags) =>
      (await import("../traces/traces.ts")).traces(service, flags),
    );
}
