import type { Command } from "commander";
import { many, withOutput, withRegistry } from "../flags.ts";

export interface CanIFlags {
  readonly state: string;
  readonly registry?: string;
  readonly header?: readonly string[];
  readonly claim?: readonly string[];
  readonly output: "table" | "json";
}

/** `weft can-i CALLER METHOD CALLEE/PATH` */
export function define(command: Command): Command {
  const text = many((one) => one);
  return withOutput(withRegistry(command))
    .description(
      "Tell whether a service may make a call, and by which rule, and whether it needs a token of an end user.\nThe exit code is 0 for yes, 1 for no, and 2 when it cannot be told.",
    )
    .argument("<caller>", "the service that calls")
    .argument("<method>", "such as GET; its case matters")
    .argument("<callee/path>", "the service that is called, and the path")
    .option("--header <name=value>", "a header field of the call; may be repeated", text)
    .option("--claim <name=value>", "a claim of the end user's token; may be repeated", text)
    .addHelpText(
      "after",
      "\nExamples:\n  weft can-i orders POST payments/charge\n  weft can-i web GET payments/refunds --claim role=staff",
    )
    .action(async (caller: string, method: string, target: string, flags: CanIFlags) =>
      (await import("../policy/can-i.ts")).canI(caller, method, target, flags),
    );
}
