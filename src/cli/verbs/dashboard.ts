import type { Command } from "commander";
import type { Address } from "../../../sidecar/options.ts";
import { loopbackAddress, withRegistry } from "../flags.ts";

export interface DashboardFlags {
  readonly state: string;
  readonly registry?: string;
  readonly listen?: Address;
}

/** `weft dashboard` */
export function define(command: Command): Command {
  return withRegistry(command)
    .description(
      "Tell where the dashboard of a mesh is; weft up serves one.\nWith --listen or --registry it serves another, until Ctrl-C.",
    )
    .option(
      "--listen <address>",
      "serve one here, on loopback (127.0.0.1:4282 with --registry)",
      loopbackAddress,
    )
    .addHelpText(
      "after",
      `
Examples:
  weft dashboard
  weft dashboard --listen 127.0.0.1:8080
  ssh -L 4282:127.0.0.1:4282 mesh.example.org      then open http://127.0.0.1:4282

Everybody on this machine may look. Who signs in with the admin token (DIR/registry/admin-token) sees identities, too,
and may go back to an earlier revision of the policy.`,
    )
    .action(async (flags: DashboardFlags) =>
      (await import("../dashboard/run-dashboard.ts")).runDashboard(flags),
    );
}
