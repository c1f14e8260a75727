import type { Command } from "commander";
import { withOutput, withRegistry } from "../flags.ts";

export interface AnalyzeFlags {
  readonly state: string;
  readonly registry?: string;
  readonly recursive?: boolean;
  readonly live?: boolean;
  readonly output: "table" | "json";
}

/** `weft analyze [FILE…]` */
export function define(command: Command): Command {
  return withOutput(withRegistry(command))
    .description(
      "Look for mistakes in policy files without a mesh, as in a build; with --live also beside what is in force.\nEnds with 1 on any finding, warnings too. The codes of findings are stable.",
    )
    .argument("[file...]", "files of YAML or JSON, folders, or - for stdin")
    .option("-R, --recursive", "also the folders below a folder")
    .option("--live", "ask the registry too; without files: look at what is in force")
    .addHelpText(
      "after",
      `
Examples:
  weft analyze policy/ -R
  weft analyze orders.yaml --live
  weft analyze --live -o json`,
    )
    .action(async (files: readonly string[], flags: AnalyzeFlags) =>
      (await import("../policy/analyze.ts")).analyze(files, flags),
    );
}
