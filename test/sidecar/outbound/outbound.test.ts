import assert from "node:assert/strict";
import { test } from "node:test";
import { meshRouter, oneServiceRouter } from "../../../sidecar/outbound/route-host.ts";
import { limitOf, timeoutOf } from "../../../sidecar/outbound/timeout.ts";

test("hosts of the mesh name a service, or a version of it, in any case and with any port", () => {
  const route = meshRouter();
  assert.deepEqual(route("orders.mesh"), { service: "orders", version: undefined, port: 80 });
  assert.deepEqual(route("ORDERS.Mesh:80"), { service: "orders", version: undefined, port: 80 });
  assert.deepEqual(route("v2.orders.mesh:"), { service: "orders", version: "2", port: 80 });
  assert.deepEqual(route("v1-2-0.orders.mesh:8080"), { service: "orders", version: "1-2-0", port: 8080 });
  assert.equal(route("orders.mesh"), route("orders.mesh"), "the same object each time");
});

test("every other host has no route", () => {
  const route = meshRouter();
  const hosts = [
    "example.org",
    "mesh",
    ".mesh",
    "a.b.orders.mesh",
    "2.orders.mesh",
    "v.orders.mesh",
    "v*.orders.mesh",
  ];
  for (const host of [
    ...hosts,
    "or_ders.mesh",
    "*.mesh",
    ">.mesh",
    "orders.mesh.evil.org",
    "127.0.0.1:80",
    "",
  ])
    assert.equal(route(host), undefined, host);
});

test("what is remembered of hosts is bounded", () => {
  const route = meshRouter();
  for (let i = 0; i < 5000; i++) assert.equal(route(`s${i}.mesh`)?.service, `s${i}`);
});

test("a listener for one service sends everything there", () => {
  assert.deepEqual(oneServiceRouter("orders")("whatever:1"), {
    ...{ service: "orders", version: undefined, port: 80 },
  });
  assert.equal(oneServiceRouter("orders", "2")("x")?.version, "2");
});

test("the app's own word on the time for a call counts, in each convention", () => {
  const of = (line: string) => timeoutOf(`Host: x\r\n${line}\r\nA: b\r\n`);
  assert.equal(of("B: c"), undefined);
  assert.equal(of("Weft-Timeout: 2s"), 2000);
  assert.equal(of("weft-timeout: 0s"), Number.POSITIVE_INFINITY);
  assert.equal(of("grpc-timeout: 500m"), 500);
  assert.equal(of("grpc-timeout: 2S"), 2000);
  assert.equal(of("X-Envoy-Expected-RQ-Timeout-Ms: 700"), 700);
  assert.equal(of("x-envoy-upstream-rq-timeout-ms: 0"), Number.POSITIVE_INFINITY);
  assert.equal(of("x-envoy-upstream-rq-timeout-ms: soon"), undefined);
  assert.deepEqual(of("weft-timeout: soon"), {
    problem: "weft-timeout is not a duration such as 2s, 250ms or 1m30s",
  });
});

test("an app may ask for less time than policy allows, and never for more", () => {
  assert.equal(limitOf(undefined, undefined, 15_000), 15_000);
  assert.equal(limitOf(60_000, undefined, 15_000), 60_000);
  assert.equal(limitOf(undefined, 2000, 15_000), 2000);
  assert.equal(limitOf(60_000, 2000, 15_000), 2000);
  assert.equal(limitOf(500, 2000, 15_000), 500);
  assert.equal(limitOf(Number.POSITIVE_INFINITY, 2000, 15_000), 2000);
  assert.equal(limitOf(500, Number.POSITIVE_INFINITY, 15_000), 500);
});
