import assert from "node:assert/strict";
import { test } from "node:test";
import { allFamilies } from "../../src/control/all-families.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";

test("each metric says what it is, in names that Prometheus and its conventions take", () => {
  for (const [where, families] of Object.entries(allFamilies())) {
    const names = families.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length, `${where} has a name twice`);
    for (const { name, type, help, labels } of families) {
      assert.match(name, /^[a-z][a-z0-9_]*$/);
      assert.ok(help.length > 5, name);
      assert.equal(name.endsWith("_total"), type === "counter", name);
      for (const label of labels) assert.match(label, /^[a-z][a-z0-9_]*$/);
      assert.ok(!["le", "instance", "job"].includes(labels.join()), name);
    }
  }
});

test("a metric of the registry that a sidecar has too means the same, so that one query does for both", () => {
  const { sidecar, registry } = allFamilies();
  for (const { name, type } of registry) {
    const same = sidecar.find((family) => family.name === name);
    if (same !== undefined) assert.equal(type, same.type, name);
  }
  const shared = registry.map(({ name }) => name).filter((name) => sidecar.some((one) => one.name === name));
  for (const name of [
    "http_client_request_duration_seconds",
    "weft_client_requests_total",
    "weft_server_failed_total",
  ])
    assert.ok(shared.includes(name), name);
});

test("no sample has a label that its metric does not name", async () => {
  const m = createMetrics({
    ...{ service: "shop", instance: "s1", version: "1" },
    state: () => ({
      jwtExpiresAt: 1,
      leafExpiresAt: 1,
      registryLive: true,
      registryAgeMs: 1,
      instancesKnown: 1,
    }),
    callees: () => [
      {
        ...{ service: "orders", isKnown: true, retries: 1, budget: { refused: 1, left: 1 } },
        hedges: { begun: 1, won: 1 },
        ejections: { service: 1 },
        parked: { held: 1, parked: 1, expired: 1, full: 1 },
        endpoints: [{ state: "admitting" }],
      },
    ],
    concurrency: () => ({
      ...{ limit: 1, running: 1, waiting: 1, queued: 1 },
      ...{ overloaded: 1, shed: 1, askedAgain: 1 },
    }),
    keyAges: () => [["login", 5]],
  });
  const call = {
    method: "GET",
    status: 503,
    peer: "orders",
    version: "2",
    route: "orders/a",
    injected: "abort",
  };
  for (const meter of [m.client, m.server, m.mirrorClient, m.mirrorServer])
    meter.ended({ ...call, errorCode: "fault", durationMs: 1 });
  m.limited("web", "local");
  m.token("login", "good");
  m.denied("web", "rule", "enforce");
  for (const view of ["weft", "istio"] as const) {
    await m.text(view);
    for (const { name, labels, read } of m.families(view)) {
      const samples = [...read()];
      assert.ok(
        samples.length > 0 || name === "process_open_fds",
        `${name} shows nothing here: add it to this test`,
      );
      for (const { labels: own, sharedLabels = {} } of samples)
        for (const label of Object.keys({ ...own, ...sharedLabels }))
          assert.ok(label === "le" || labels.includes(label), `${name} has ${label}`);
    }
  }
});
