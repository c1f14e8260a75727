import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "../../broker/ports.ts";
import { observeFiles } from "../../src/cli/grafana/write-files.ts";
import { DASHBOARDS } from "../../src/telemetry/grafana/dashboards.ts";
import { ask } from "../support/ask.ts";
import { routedMesh } from "../support/routed-mesh.ts";
import { until } from "../support/until.ts";

const has = (command: string): boolean => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
const skip =
  has("prometheus") && has("promtool")
    ? false
    : "no prometheus and promtool on PATH: apt-get install prometheus";

test("a real Prometheus takes the alerts, scrapes the mesh, and has data for every query of every dashboard", {
  skip,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "weft-prometheus-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { registry, echo, caller } = await routedMesh(t);
  for (const [name, text] of observeFiles(new URL(registry.url).host))
    writeFileSync(join(folder, name), text.replace("scrape_interval: 5s", "scrape_interval: 1s"));
  const checked = execFileSync("promtool", ["check", "rules", join(folder, "alerts.yaml")], {
    encoding: "utf8",
  });
  assert.match(checked, /SUCCESS: \d+ rules found/);
  execFileSync("promtool", ["check", "config", join(folder, "prometheus.yaml")]);

  const expiry = () => ({ jwtExpiresAt: Date.now() + 3_600_000, leafExpiresAt: Date.now() + 3_600_000 });
  await echo("orders");
  const shop = await caller("shop", { expiry });
  const port = await freePort("127.0.0.1");
  const prometheus = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yaml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  const ended = new Promise((resolve) => prometheus.once("exit", resolve));
  t.after(async () => {
    prometheus.kill("SIGKILL");
    await ended;
  });
  const answers = async (query: string): Promise<number> => {
    const expr = query.replaceAll("$__rate_interval", "15s").replaceAll("$service", "orders");
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`;
    // biome-ignore lint/suspicious/noExplicitAny: what Prometheus answers
    const body: any = await fetch(url).then(
      // While it starts it answers 503, in plain text.
      (response) => (response.status === 503 ? undefined : response.json()),
      () => undefined,
    );
    assert.notEqual(body?.status, "error", `${expr}: ${body?.error}`);
    return body?.data.result.length ?? 0;
  };
  // Calls go on, in which some fail, until a counter has grown between two scrapes.
  await until(
    async () => {
      for (let i = 0; i < 5; i++) await ask(shop.listen, "orders.mesh", `/${i}`);
      await ask(shop.listen, "v9.orders.mesh");
      return (await answers('rate(weft_client_errors_total{code="no-instance"}[15s]) > 0')) > 0;
    },
    { what: "Prometheus to have scraped a failure", withinMs: 40_000 },
  );
  const empty: string[] = [];
  for (const { uid, panels } of DASHBOARDS)
    for (const { title, queries } of panels)
      for (const query of Object.values(queries))
        if ((await answers(query)) === 0) empty.push(`${uid}, ${title}: ${query}`);
  assert.deepEqual(empty, []);
});
