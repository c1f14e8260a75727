import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { observeFiles } from "../../src/cli/grafana/write-files.ts";
import { allFamilies } from "../../src/control/all-families.ts";
import { ALERTS } from "../../src/telemetry/grafana/alerts.ts";
import { DASHBOARDS } from "../../src/telemetry/grafana/dashboards.ts";

import { skip } from "../support/prometheus.ts";

const files = (sidecars: readonly string[] = []) => observeFiles({ registry: "127.0.0.1:4281", sidecars });

test("dashboards and alerts ask for metrics and labels that there are", () => {
  const known = new Map<string, readonly string[]>();
  const { registry, sidecar } = allFamilies();
  for (const { name, type, labels } of [...sidecar, ...registry])
    for (const suffix of type === "histogram" ? ["_bucket", "_count", "_sum"] : [""])
      known.set(name + suffix, [...(known.get(name + suffix) ?? []), ...labels]);
  const all = [
    ...DASHBOARDS.flatMap(({ panels }) => panels.flatMap(({ queries }) => Object.values(queries))),
    ...ALERTS.map(({ expr }) => expr),
  ];
  for (const query of all) {
    const asked = [...query.matchAll(/\b((?:weft|http)_\w+)(?:\{([^}]*)\})?(?=[[)\s-]|$)/g)].filter(
      ([, name]) =>
        known.has(name!) || !/^weft_(?:callee|caller|version|service|instance|server)$/.test(name!),
    );
    assert.ok(asked.length > 0, query);
    for (const [, name, matchers = ""] of asked) {
      assert.ok(known.has(name!), `${name} of ${query}`);
      for (const [, label] of matchers.matchAll(/(\w+)=/g))
        assert.ok(known.get(name!)!.includes(label!), `${label} of ${name} in ${query}`);
    }
  }
});

test("each dashboard is one that Grafana can import, with its panels side by side", () => {
  for (const { uid, panels } of DASHBOARDS) {
    const json = JSON.parse(files().get(`${uid}.json`)!);
    assert.equal(json.uid, uid);
    assert.equal(json.panels.length, panels.length);
    const taken = new Set<string>();
    for (const { gridPos } of json.panels) {
      assert.ok(gridPos.x + gridPos.w <= 24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        const place = `${x} ${gridPos.y}`;
        assert.ok(!taken.has(place), `${uid} ${place}`);
        taken.add(place);
      }
    }
  }
});

test("the files for Prometheus are YAML, and each alert says what to do", () => {
  assert.equal(parse(files().get("alerts.yaml")!).groups[0].rules.length, ALERTS.length);
  const { scrape_configs: jobs } = parse(files().get("prometheus.yaml")!);
  assert.deepEqual(
    // biome-ignore lint/suspicious/noExplicitAny: what Prometheus reads
    jobs.map(({ metrics_path, static_configs }: any) => [metrics_path, static_configs[0].targets]),
    [["/v1/metrics", ["127.0.0.1:4281"]]],
  );
  for (const { cure, alert } of ALERTS) assert.ok(cure.length > 10, alert);
});

test("of sidecars that are scraped beside the registry is taken what it does not have", () => {
  const { scrape_configs: jobs } = parse(files(["127.0.0.1:15000", "[::1]:15000"]).get("prometheus.yaml")!);
  assert.deepEqual(jobs[1].static_configs, [{ targets: ["127.0.0.1:15000", "[::1]:15000"] }]);
  const [{ regex }] = jobs[1].metric_relabel_configs;
  const isDropped = (name: string) => new RegExp(`^(?:${regex})$`).test(name);
  for (const name of ["weft_client_requests_total", "http_server_request_duration_seconds_bucket"])
    assert.ok(isDropped(name), name);
  for (const name of ["weft_broker_connected", "weft_denied_total", "process_cpu_seconds_total"])
    assert.ok(!isDropped(name), name);
});

test("what gets slow in all its versions is told against the hour before, what always was slow is not", {
  skip,
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), "weft-rules-"));
  t.after(() => rmSync(folder, { recursive: true }));
  // Sixty calls a minute each: up to minute 60 all of 5 ms, then those of `orders` of a second.
  const calls = (callee: string, bound: string, quickUntil: number, quick: number, slow: number) => ({
    series: `http_client_request_duration_seconds_bucket{weft_callee="${callee}",le="${bound}"}`,
    values: `0+${quick}x${quickUntil} ${quick * quickUntil + slow}+${slow}x${89 - quickUntil}`,
  });
  const of = (callee: string, quickUntil: number) => [
    calls(callee, "0.01", quickUntil, 60, 0),
    calls(callee, "1", quickUntil, 60, 60),
    calls(callee, "+Inf", quickUntil, 60, 60),
    { series: `weft_client_requests_total{weft_callee="${callee}"}`, values: "0+60x90" },
  ];
  const firingAt = (minutes: number, callees: readonly string[]) => ({
    eval_time: `${minutes}m`,
    expr: 'count by (weft_callee) (ALERTS{alertname="WeftSlowerThanUsual", alertstate="firing"})',
    exp_samples: callees.map((callee) => ({ labels: `{weft_callee="${callee}"}`, value: 1 })),
  });
  const tests = {
    rule_files: ["alerts.yaml"],
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: [...of("orders", 60), ...of("stock", 80), ...of("always", 0)],
        promql_expr_test: [firingAt(59, []), firingAt(68, ["orders"])],
      },
    ],
  };
  writeFileSync(join(folder, "alerts.yaml"), files().get("alerts.yaml")!);
  writeFileSync(join(folder, "tests.yaml"), JSON.stringify(tests));
  const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", "tests.yaml"], {
    ...{ cwd: folder, encoding: "utf8" },
  });
  assert.equal(status, 0, stdout + stderr);
});
