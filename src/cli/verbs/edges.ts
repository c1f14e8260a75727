import type { Command } from "commander";
import { nameOf, withOutput, withRegistry, withWindow } from "../flags.ts";

export interface EdgesFlags {
  readonly state: string;
  readonly registry?: string;
  readonly output: "table" | "json";
  readonly window: string;
}

/** `weft edges [SERVICE]` */
export function define(command: Command): Command {
  return withOutput(withWindow(withRegistry(command)))
    .description(
      "Show who calls whom, and how that goes as the caller sees it.\nSEEN BY says whose reports there are: callee alone has no calls that did not arrive.",
    )
    .argument("[service]", "only the calls to and from this one", nameOf("service"))
    .addHelpText("after", "\nExamples:\n  weft edges\n  weft edges orders --window 15m\n  weft edges -o json")
    .action(async (service: string | undefined, flags: EdgesFlags) =>
      (await import("../signals/edges.ts")).edges(service, flags),
    );
}
