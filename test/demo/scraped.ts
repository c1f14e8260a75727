import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { DASHBOARDS } from "../../src/telemetry/grafana/dashboards.ts";
import type { Weft } from "../cli/weft.ts";
import { ask } from "../support/ask.ts";
import { startPrometheus } from "../support/prometheus.ts";
import { until } from "../support/until.ts";

/**
 * Has a real Prometheus scrape a demo that stays up, its sidecars too, and ask every query of every dashboard.
 * @param said what the demo printed
 */
export async function scraped(t: TestContext, weft: Weft, said: string, proxy: string): Promise<void> {
  // As the demo says.
  const [, command = ""] = /npx weft (grafana .*)/.exec(said)!;
  const wrote = await weft.run(command.split(" "));
  assert.equal(wrote.code, 0, wrote.stderr);
  const folder = join(weft.folder, "observe");
  const checked = execFileSync("promtool", ["check", "rules", join(folder, "alerts.yaml")], {
    encoding: "utf8",
  });
  assert.match(checked, /SUCCESS: \d+ rules found/);
  execFileSync("promtool", ["check", "config", join(folder, "prometheus.yaml")]);

  const prometheus = await startPrometheus(folder);
  t.after(async () => {
    await prometheus.stop();
    rmSync(folder, { recursive: true });
  });
  const answers = async (query: string): Promise<number> =>
    (await prometheus.ask(query.replaceAll("$__rate_interval", "15s").replaceAll("$service", "orders")))
      .length;
  // Calls go on, in which some fail, until a counter has grown between two scrapes.
  await until(
    async () => {
      await ask(proxy, "shop.mesh");
      await ask(proxy, "v9.orders.mesh");
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

  // Of each sidecar there is what it alone knows, and a call is counted once.
  const sidecars = await prometheus.ask("weft_broker_connected == 1");
  assert.equal(sidecars.length, [...command.matchAll(/--sidecar/g)].length);
  const jobs = await prometheus.ask("count by (job) (weft_client_requests_total)");
  assert.deepEqual(
    jobs.map(({ metric }) => metric),
    [{ job: "weft" }],
  );
}
