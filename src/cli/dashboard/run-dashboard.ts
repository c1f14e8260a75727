import { join } from "node:path";
import { registryUrl } from "../get/registry-url.ts";
import { adminToken } from "../policy/admin-token.ts";
import { printLine } from "../policy/print.ts";
import { checkoutFolder } from "../self.ts";
import { servePart } from "../serve-part.ts";
import { readUp } from "../up/record.ts";
import type { DashboardFlags } from "../verbs/dashboard.ts";

const LISTEN = { host: "127.0.0.1", port: 4282 };

/** Prints the URL of the dashboard that runs with the mesh, or serves one. */
export async function runDashboard(flags: DashboardFlags): Promise<void> {
  const running = (flags.listen ?? flags.registry) ? undefined : readUp(flags.state)?.dashboard;
  if (running !== undefined) return printLine(running.url);
  const url = registryUrl(flags);
  const { serveDashboard } = await import("../../dashboard/server.ts");
  const { createLog } = await import("../../telemetry/log.ts");
  await servePart(async () => {
    const running = await serveDashboard({
      ...(flags.listen ?? LISTEN),
      registryUrl: url,
      adminToken: () => tokenFor(flags.state, url),
      stateDir: flags.state,
      pages: join(checkoutFolder(), "dist", "dashboard"),
      log: createLog({ fields: { part: "dashboard" } }),
    });
    // It has no key and no certificate that a rotation could change.
    return { ...running, renew: async () => {} };
  });
}

function tokenFor(state: string, url: string): string | undefined {
  try {
    return adminToken(state, url);
  } catch {
    return undefined; // signing in says so
  }
}
