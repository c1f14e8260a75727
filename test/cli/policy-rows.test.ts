import assert from "node:assert/strict";
import { test } from "node:test";
import { reportOf } from "../../src/cli/policy/report.ts";
import { policyRows, routeRows, type SidecarView, sidecarRows } from "../../src/cli/policy/rows.ts";
import { finding } from "../../src/resources/finding.ts";
import type { HttpRoute } from "../../src/resources/http-route.ts";
import { readResource } from "../../src/resources/read.ts";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";

const NOW = Date.parse("2026-01-01T00:01:00Z");
const resource = (value: unknown) => {
  const read = readResource(value, 0);
  assert.deepEqual(read.findings, []);
  return { createdAt: "2026-01-01T00:00:00Z", revision: 4, resource: read.resource! };
};

test("a route shows the addresses that it is for, a policy what it sets", () => {
  const parent = { group: "", kind: "Service", name: "orders" };
  const route = resource({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "r", namespace: "shop" },
    spec: {
      parentRefs: [
        { ...parent, version: "2" },
        { ...parent, name: "stock", port: 8080 },
      ],
      rules: [{ backendRefs: [{ name: "orders" }] }],
    },
  });
  assert.deepEqual(routeRows([{ ...route, resource: route.resource as HttpRoute }], NOW)[1], [
    ...["shop/r", "v2.orders,stock:8080", "1", "4", "1m"],
  ]);
  const policy = resource({
    apiVersion: "weft.dev/v1",
    kind: "ServicePolicy",
    metadata: { name: "orders" },
    spec: { timeouts: { request: "1s" }, sticky: { caller: true } },
  });
  assert.deepEqual(policyRows([{ ...policy, resource: policy.resource as ServicePolicy }], NOW)[1], [
    ...["orders", "timeouts,sticky", "4", "1m"],
  ]);
});

test("a sidecar that lags is shown with how far", () => {
  const sidecar: SidecarView = {
    ...{ service: "orders", instance: "a", version: "1", role: "caller", lastSeen: "2026-01-01T00:00:58Z" },
    ...{ weft: "0.1.0", policyRevision: 7, lagging: false },
  };
  const { policyRevision: _, ...silent } = sidecar;
  const rows = sidecarRows(
    [sidecar, { ...sidecar, policyRevision: 5, lagging: true }, { ...silent, lagging: true }, silent],
    7,
    NOW,
  );
  assert.deepEqual(rows[1], ["orders", "1", "a", "caller", "0.1.0", "7", "2s ago"]);
  assert.deepEqual(
    rows.slice(2).map((row) => row[5]),
    ["5 (behind 2)", "none of this mesh", "-"],
  );
});

test("findings are sorted by file, line and column; what has no place comes last", () => {
  const at = (file: string, line: number, column: number) => ({
    ...finding("unknown-field", { path: "a" }, "m", "c"),
    ...{ file, line, column },
  });
  const more = finding("too-many-findings", { path: "" }, "more");
  const text = reportOf([more, at("b", 1, 1), at("a", 10, 1), at("a", 9, 9), at("a", 9, 8)], ".", {});
  assert.deepEqual(
    [...text.matchAll(/^(\S+): error|^(error)/gm)].map(([, place, none]) => place ?? none),
    ["a:9:8", "a:9:9", "a:10:1", "b:1:1", "error"],
  );
  assert.match(text, /\n5 errors\.\n$/);
});
