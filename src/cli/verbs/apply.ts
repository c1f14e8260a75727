import type { Command } from "commander";
import { withFiles, withOutput, withRegistry } from "../flags.ts";

export interface ApplyFlags {
  readonly state: string;
  readonly registry?: string;
  readonly filename?: readonly string[];
  readonly recursive?: boolean;
  readonly dryRun?: boolean;
  readonly diff?: boolean;
  readonly allowUnknown?: boolean;
  readonly output: "table" | "json" | "yaml";
}

/** `weft apply -f FILE` */
export function define(command: Command): Command {
  return withOutput(withFiles(withRegistry(command)), ["table", "json", "yaml"])
    .description(
      "Put policy into force: HTTPRoutes of the Gateway API, ServicePolicies and the MeshPolicy (weft help schema).\nAll resources of all files, or none when anything is wrong with one. Within a second the sidecars follow it.",
    )
    .option("--dry-run", "say what would be done")
    .option("--diff", "show what changes, line by line")
    .option("--allow-unknown", "also services and versions that were never seen, with a warning")
    .addHelpText(
      "after",
      `
Examples:
  weft apply -f orders.yaml
  weft apply -f policy/ --dry-run --diff
  weft get routes orders -o yaml | sed 's/weight: 90/weight: 50/' | weft apply -f -

Needs the admin token: of DIR/registry/admin-token, or in WEFT_ADMIN_TOKEN.`,
    )
    .action(async (flags: ApplyFlags) => (await import("../policy/apply.ts")).apply(flags));
}
