import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { observeFiles } from "../../src/cli/grafana/write-files.ts";
import { allFamilies } from "../../src/setup/metrics-page.ts";
import { ALERTS } from "../../src/telemetry/grafana/alerts.ts";
import { DASHBOARDS } from "../../src/telemetry/grafana/dashboards.ts";

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
    const json = JSON.parse(observeFiles().get(`${uid}.json`)!);
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
  const files = observeFiles();
  assert.equal(parse(files.get("alerts.yaml")!).groups[0].rules.length, ALERTS.length);
  assert.equal(parse(files.get("prometheus.yaml")!).scrape_configs[0].metrics_path, "/v1/metrics");
  for (const { cure, alert } of ALERTS) assert.ok(cure.length > 10, alert);
});
