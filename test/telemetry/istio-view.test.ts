import assert from "node:assert/strict";
import { test } from "node:test";
import { createMetrics } from "../../src/telemetry/metrics.ts";

const call = { method: "GET", status: 200, peer: "orders", version: "2", route: "", injected: "" } as const;
const ended = { ...call, errorCode: undefined, durationMs: 7 };

test("the same calls in Istio's names, with the labels that its dashboards and Flagger ask for", async () => {
  const m = createMetrics({
    ...{ service: "shop", instance: "s1", version: "1" },
    flagOf: (code) => (code === "no-instance" ? "UH" : "-"),
  });
  m.client.ended(ended);
  m.client.ended({ ...ended, status: 503, version: "", errorCode: "no-instance" });
  m.server.ended({ ...ended, peer: "web", version: "" });
  const text = await m.text("istio");
  const has = (name: string, labels: Record<string, string>, value: number) =>
    text
      .split("\n")
      .some(
        (line) =>
          line.startsWith(`${name}{`) &&
          line.endsWith(`} ${value}`) &&
          Object.entries(labels).every(([label, is]) => line.includes(`${label}="${is}"`)),
      );
  const toOrders = {
    ...{ reporter: "source", source_workload: "shop-v1", destination_workload: "orders-v2" },
    ...{ destination_service: "orders.mesh", destination_version: "2", response_code: "200" },
    ...{ destination_workload_namespace: "default", request_protocol: "http", response_flags: "-" },
  };
  assert.ok(has("istio_requests_total", toOrders, 1), text);
  assert.ok(has("istio_request_duration_milliseconds_bucket", { ...toOrders, le: "5" }, 0));
  assert.ok(has("istio_request_duration_milliseconds_bucket", { ...toOrders, le: "10" }, 1));
  assert.ok(has("istio_request_duration_milliseconds_sum", toOrders, 7));
  const gone = { response_code: "503", response_flags: "UH", destination_workload: "orders" };
  assert.ok(has("istio_requests_total", gone, 1), text);
  const fromWeb = { reporter: "destination", source_workload: "web", destination_workload: "shop-v1" };
  assert.ok(has("istio_requests_total", fromWeb, 1), text);
  assert.doesNotMatch(text, /weft_client|http_client/);
});

test("no two series of Istio's have the same labels, whatever the calls were", async () => {
  const m = createMetrics({ service: "shop", instance: "s1", version: "1", flagOf: () => "UT" });
  for (const method of ["GET", "POST", "BREW"])
    for (const errorCode of [undefined, "deadline", "attempt-timeout"])
      for (const route of ["", "orders/canary"])
        m.client.ended({ ...ended, method, errorCode, route, status: 504 });
  const series = (await m.text("istio"))
    .split("\n")
    .filter((line) => line.startsWith("istio_requests_total{"));
  assert.equal(series.length, 18);
  assert.equal(new Set(series.map((line) => line.split("} ")[0])).size, 18);
});
