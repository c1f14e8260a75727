import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecentCall } from "../../../sidecar/observe/recent-calls.ts";
import type { SpanEvent } from "../../../sidecar/observe/span.ts";
import { createTracer, type Tracer } from "../../../sidecar/observe/tracer.ts";
import { aRecentCall } from "../../support/calls.ts";
import { otlpReceiver } from "../../support/otlp-receiver.ts";

const tracer = (over: Partial<Parameters<typeof createTracer>[0]>): Promise<Tracer> =>
  createTracer({ service: "shop", instance: "s1", version: "1", env: {}, ...over });

/** One call that goes through, recorded if its context says so. @returns the context for the next hop */
function pass(t: Tracer, over: Partial<RecentCall> = {}, parent?: string, events: SpanEvent[] = []): string {
  const traceparent = t.next(parent);
  if (t.records(traceparent)) t.record({ call: aRecentCall({ ...over, traceparent }), parent, events });
  return traceparent;
}

test("an unsampled context is passed on unchanged, and is not recorded", async (t) => {
  const { url } = await otlpReceiver(t);
  for (const one of [await tracer({ ratio: 1 }), await tracer({ ratio: 1, endpoint: url })]) {
    const incoming = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    assert.equal(one.next(incoming), incoming);
    assert.equal(one.records(incoming), false);
    await one.shutdown();
  }
});

test("a call without a context gets one, sampled by the ratio, though nothing is exported", async () => {
  const always = await tracer({ ratio: 1 });
  assert.match(always.next(undefined), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  const seldom = await tracer({ ratio: 0 });
  assert.match(seldom.next("rubbish"), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test("a share that a route has goes before that of the tracer, and a parent before both", async () => {
  const t = await tracer({ ratio: 0 });
  const flagOf = (incoming: string | undefined, share?: number) => t.next(incoming, share).slice(-2);
  assert.deepEqual([flagOf(undefined), flagOf(undefined, 1)], ["00", "01"]);
  assert.equal(flagOf("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", 1), "00");
});

test("spans say who they are from by OpenTelemetry's conventions, and what the environment adds", async (t) => {
  const receiver = await otlpReceiver(t);
  process.env.OTEL_RESOURCE_ATTRIBUTES = "deployment.environment.name=test,service.name=not-this";
  t.after(() => delete process.env.OTEL_RESOURCE_ATTRIBUTES);
  const shop = await tracer({ ratio: 1, endpoint: receiver.url, namespace: "mesh" });
  pass(shop);
  await shop.shutdown();
  const [{ resource }] = receiver.spans() as [ReturnType<typeof receiver.spans>[number]];
  const { "host.name": host, "process.pid": pid, "telemetry.sdk.version": sdk, ...rest } = resource;
  assert.ok(host !== "" && pid === process.pid && typeof sdk === "string");
  assert.deepEqual(rest, {
    "service.namespace": "mesh",
    "service.name": "shop",
    "service.version": "1",
    "service.instance.id": "s1",
    "deployment.environment.name": "test",
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "opentelemetry",
  });
});

test("a context of a later version goes on as version 00", async () => {
  const t = await tracer({});
  const ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
  assert.equal(t.next(`01-${ids}-new`), `00-${ids}`);
});

test("the spans of both sides arrive at an OTLP receiver, joined to one trace", async (t) => {
  const receiver = await otlpReceiver(t);
  const shop = await tracer({ ratio: 1, endpoint: receiver.url });
  const orders = await tracer({ service: "orders", ratio: 0, endpoint: receiver.url });
  const failed = { code: "no-instance", status: 503, attempt: 3 } as const;
  const outer = pass(shop, {
    ...failed,
    path: "/items?secret=1",
    rule: { name: "orders/canary", why: "" },
    callee: "pay",
  });
  pass(orders, { side: "server", status: 404, attempt: 2 }, outer);
  await Promise.all([shop.shutdown(), orders.shutdown()]);

  const client = receiver.spans().find((span) => span.kind === 3)!;
  const server = receiver.spans().find((span) => span.kind === 2)!;
  assert.equal(server.traceId, client.traceId);
  assert.equal(server.parentSpanId, client.spanId);
  assert.equal(outer, `00-${client.traceId}-${client.spanId}-01`);
  assert.deepEqual([client.service, server.service], ["shop", "orders"]);
  assert.deepEqual(client.attributes, {
    "http.request.method": "GET",
    "url.path": "/items",
    "server.address": "orders",
    "weft.caller": "shop",
    "http.route": "orders/canary",
    "weft.callee": "pay",
    "weft.version": "2",
    "weft.attempt": 3,
    "http.response.status_code": 503,
    "error.type": "no-instance",
  });
  assert.equal(server.attributes["weft.attempt"], 2);
  assert.equal(server.attributes["error.type"], undefined, "a 404 is no error of the server");
});

test("what happened in the course of a call is told by events of its span, and how long it waited", async (t) => {
  const receiver = await otlpReceiver(t);
  const shop = await tracer({ ratio: 1, endpoint: receiver.url });
  pass(shop, { waitedMs: 25 }, undefined, [
    { name: "retry", at: 1, event: { instance: "o1", code: "gone", status: 502, ms: 25.5 } },
    { name: "hedged", at: 2, event: { instance: "" } },
  ]);
  await shop.shutdown();
  const [recorded] = receiver.spans();
  assert.equal(recorded!.attributes["weft.waited_ms"], 25);
  assert.deepEqual(
    recorded!.events.map(({ name, attributes }) => [name, attributes]),
    [
      [
        "retry",
        {
          "weft.instance": "o1",
          "weft.ms": 25.5,
          "error.type": "gone",
          "http.response.status_code": 502,
        },
      ],
      ["hedged", {}],
    ],
  );
});

test("the endpoint is also read from OpenTelemetry's variable", async (t) => {
  const receiver = await otlpReceiver(t);
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = receiver.url;
  t.after(() => delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT);
  const shop = await tracer({ ratio: 1, env: process.env });
  pass(shop);
  await shop.shutdown();
  assert.equal(receiver.spans().length, 1);
});

test("a receiver that refuses is reported, and does not stop the shutdown", async (t) => {
  const receiver = await otlpReceiver(t, 400);
  const problems: string[] = [];
  const shop = await tracer({ ratio: 1, endpoint: receiver.url, onProblem: (text) => problems.push(text) });
  pass(shop);
  await shop.shutdown();
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /^1 spans could not be sent/);
});

test("a span whose parent was no context is a root, and odd texts arrive as they are", async (t) => {
  const receiver = await otlpReceiver(t);
  const shop = await tracer({ ratio: 1, endpoint: receiver.url });
  const odd = {
    path: '/"\\é\u2028\u0000',
    method: "P'\tUT",
    rule: { name: 'a "b"', why: "" },
    mirrored: true,
  };
  pass(shop, { ...odd, injected: "delay" }, "rubbish");
  await shop.shutdown();
  const [span] = receiver.spans();
  assert.equal(span!.parentSpanId, undefined);
  const {
    "url.path": path,
    "http.route": route,
    "weft.mirrored": mirrored,
    "weft.injected": injected,
  } = span!.attributes;
  assert.deepEqual(
    [span!.name, path, route, mirrored, injected],
    [odd.method, odd.path, odd.rule.name, true, "delay"],
  );
});

test("paths of any length arrive, and many spans in one request", async (t) => {
  const receiver = await otlpReceiver(t);
  const shop = await tracer({ ratio: 1, endpoint: receiver.url });
  const paths = [1, 100, 115, 116, 117, 118, 125, 126, 127, 128, 129, 16_370, 16_384, 40_000].map(
    (length) => `/${"x".repeat(length - 1)}`,
  );
  for (const path of paths) pass(shop, { path });
  await shop.shutdown();
  assert.deepEqual(
    receiver.spans().map(({ attributes }) => attributes["url.path"]),
    paths,
  );
});

test("a span begins and ends with its call", async (t) => {
  const receiver = await otlpReceiver(t);
  const shop = await tracer({ ratio: 1, endpoint: receiver.url });
  const before = Date.now();
  pass(shop, { ms: 1234.5 });
  await shop.shutdown();
  const [{ startTimeUnixNano, endTimeUnixNano }] = receiver.spans() as [
    ReturnType<typeof receiver.spans>[number],
  ];
  const [start, end] = [BigInt(startTimeUnixNano), BigInt(endTimeUnixNano)];
  assert.ok(Math.abs(Number(end - start) - 1_234_500_000) < 1000, String(end - start));
  assert.ok(Math.abs(Number(start / 1_000_000n) - before) < 1000);
});

test("spans that find no room are lost, which is told", async (t) => {
  const receiver = await otlpReceiver(t);
  process.env.OTEL_BSP_MAX_QUEUE_SIZE = "10";
  t.after(() => delete process.env.OTEL_BSP_MAX_QUEUE_SIZE);
  const problems: string[] = [];
  const shop = await tracer({ ratio: 1, endpoint: receiver.url, onProblem: (text) => problems.push(text) });
  for (let i = 0; i < 40; i++) pass(shop);
  await shop.shutdown();
  assert.ok(receiver.spans().length < 40);
  assert.match(problems[0]!, /^spans are lost/);
});
