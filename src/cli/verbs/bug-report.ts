import type { Command } from "commander";
import { httpUrl, many, withState } from "../flags.ts";

export interface BugReportFlags {
  readonly state: string;
  /** A file. */
  readonly output?: string;
  /** URLs of admin listeners. */
  readonly sidecar?: readonly string[];
}

/** `weft bug-report` */
export function define(command: Command): Command {
  return withState(command)
    .description(
      "Gather all that tells how the mesh of a state folder is into one file, for whoever helps: checks, configuration,\nlogs, policy, services, signals, identities. Secrets are replaced; what cannot be had is said in its manifest.",
    )
    .option("-o, --output <file>", "where it is written (default: weft-bug-report-TIME.tar.gz)")
    .option(
      "--sidecar <url>",
      "also of the sidecar with this admin address, as its ready line says; may be repeated",
      many((text) => httpUrl(text).replace(/\/$/, "")),
    )
    .addHelpText(
      "after",
      `
Names of services, addresses and paths are in it: look into it before you hand it on.

Examples:
  weft bug-report
  weft bug-report -o report.tar.gz && tar -tzf report.tar.gz`,
    )
    .action(async (flags: BugReportFlags) => (await import("../bug-report/bug-report.ts")).bugReport(flags));
}
