import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { createDashboard } from "../../src/dashboard/server.ts";
import { silentLog } from "../registry/beats.ts";

// As `npm test` does; a few milliseconds when nothing has changed.
execFileSync(process.execPath, ["src/setup/prepare.mjs"], { stdio: "inherit" });

export const TOKEN = "the-admin-token";

/** A dashboard with the built pages, in front of a registry. */
export async function dashboard(t: TestContext, registryUrl: string, now?: () => number) {
  const stateDir = mkdtempSync(join(tmpdir(), "weft-test-dashboard-"));
  const app = createDashboard({
    ...{ host: "127.0.0.1", port: 0, registryUrl, stateDir, log: silentLog },
    adminToken: () => TOKEN,
    pages: resolve("dist", "dashboard"),
    ...(now === undefined ? {} : { now }),
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const close = () => app.close();
  t.after(async () => {
    await close();
    rmSync(stateDir, { recursive: true, force: true });
  });
  return { app, url, stateDir, close };
}
