import type { Command } from "commander";
import { withFiles, withOutput, withRegistry } from "../flags.ts";

export interface DeleteFlags {
  readonly state: string;
  readonly registry?: string;
  readonly filename?: readonly string[];
  readonly recursive?: boolean;
  readonly dryRun?: boolean;
  readonly output: "table" | "json";
}

/** `weft delete -f FILE | KIND NAME…` */
export function define(command: Command): Command {
  return withOutput(withFiles(withRegistry(command)))
    .description("Take policy out of force: the resources that are named, or those of files.")
    .argument("[kind]", "route, policy or meshpolicy")
    .argument("[name...]", "names, as weft get shows them; NAMESPACE/NAME when it has another than default")
    .option("--dry-run", "say what would be done")
    .addHelpText(
      "after",
      `
Examples:
  weft delete route orders
  weft delete policy orders shop
  weft delete meshpolicy mesh
  weft delete -f policy/

Needs the admin token: of DIR/registry/admin-token, or in WEFT_ADMIN_TOKEN.`,
    )
    .action(async (kind: string | undefined, names: readonly string[], flags: DeleteFlags) =>
      (await import("../policy/delete.ts")).deletePolicy(kind, names, flags),
    );
}
