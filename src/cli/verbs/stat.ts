import { type Command, Option } from "commander";
import { DIMENSIONS, type Dimension } from "../../control/signals/view/dimensions.ts";
import { withOutput, withRegistry, withWindow } from "../flags.ts";

export interface StatFlags {
  readonly state: string;
  readonly registry?: string;
  readonly output: "table" | "json";
  readonly window: string;
  readonly by?: Dimension;
}

/** `weft stat [services|SERVICE]` */
export function define(command: Command): Command {
  return withOutput(withWindow(withRegistry(command)))
    .description(
      "Show how the calls to each service go: rate, success, durations, and what policy did.\nOf one service also by version, caller, callee, route or instance. Every sidecar reports every 5 s.",
    )
    .argument("[what]", "services for all, or the name of one", "services")
    .addOption(
      new Option("--by <part>", "how the calls of one service are told apart (default: version)").choices(
        DIMENSIONS,
      ),
    )
    .addHelpText(
      "after",
      `
Failed is what was answered with 5xx or ended by the mesh; a caller that leaves is no failure.

Examples:
  weft stat
  weft stat orders --by caller --window 15m
  weft stat orders --by instance -o json`,
    )
    .action(async (what: string, flags: StatFlags) => (await import("../signals/stat.ts")).stat(what, flags));
}
