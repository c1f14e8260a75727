import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { createDashboard } from "../../src/dashboard/server.ts";
import { silentLog } from "../registry/beats.ts";
import { PROGRAM } from "../support/program.ts";
import { removeFolder } from "../support/state.ts";

export const TOKEN = "the-admin-token";

/** A dashboard with the built pages, in front of a registry. */
export async function dashboard(t: TestContext, registryUrl: string, now?: () => number) {
  const stateDir = mkdtempSync(join(tmpdir(), "weft-test-dashboard-"));
  const app = createDashboard({
    ...{ host: "127.0.0.1", port: 0, registryUrl, stateDir, log: silentLog },
    adminToken: () => TOKEN,
    pages: join(dirname(PROGRAM), "dashboard"),
    ...(now === undefined ? {} : { now }),
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const close = () => app.close();
  t.after(async () => {
    await close();
    removeFolder(stateDir);
  });
  return { app, url, stateDir, close };
}
