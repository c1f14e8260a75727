import { Argument, type Command, Option } from "commander";
import { withOutput, withRegistry, withWindow } from "../flags.ts";
import { SORTS, type Sort } from "../signals/sort.ts";

export interface TopFlags {
  readonly state: string;
  readonly registry?: string;
  readonly output: "table" | "json";
  readonly window: string;
  readonly sort: Sort;
  readonly once?: boolean;
}

/** `weft top [services|edges]` */
export function define(command: Command): Command {
  return withOutput(withWindow(withRegistry(command)))
    .description(
      "Show the mesh live, again every 5 s: what has most traffic, is slowest or fails most comes first.\nPrints once where stdout is no terminal.",
    )
    .addArgument(new Argument("[what]", "what to show").choices(["services", "edges"]).default("services"))
    .addOption(new Option("--sort <order>", "what comes first").choices(SORTS).default(SORTS[0]))
    .option("--once", "print once and end")
    .addHelpText(
      "after",
      `
Keys: t traffic, s slow, e errors, tab services or edges, q quit.

Examples:
  weft top
  weft top edges --sort errors --window 15s
  weft top --once`,
    )
    .action(async (what: "services" | "edges", flags: TopFlags) =>
      (await import("../signals/top.ts")).top(what, flags),
    );
}
