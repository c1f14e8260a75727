import assert from "node:assert/strict";
import { test } from "node:test";
import { createTracer, type SpanFacts, type Tracer } from "../../src/telemetry/trace.ts";
import { otlpReceiver } from "../support/otlp-receiver.ts";

const facts =
  (over: Partial<SpanFacts> = {}) =>
  (): SpanFacts => ({
    method: "GET",
    path: "/items?secret=1",
    caller: "shop",
    callee: "orders",
    route: "orders/canary",
    mirrored: false,
    ...over,
  });
const never = (): SpanFacts => assert.fail("facts were asked for a span that is not recorded");
const OK = {
  ...{ status: 200, errorCode: undefined, attempt: 1 },
  ...{ callee: "orders", version: "2", injected: "", waitedMs: 0 },
};

const tracer = (over: Partial<Parameters<typeof createTracer>[0]>): Promise<Tracer> =>
  createTracer({ service: "shop", instance: "s1", version: "1", env: {}, ...over });

test("an unsampled context is passed on unchanged, and asks for nothing", async () => {
  const t = await tracer({ ratio: 1 });
  const incoming = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
  const span = t.start("server", incoming, never);
  assert.equal(span.traceparent, incoming);
  assert.deepEqual([span.sampled, span.event], [false, undefined]);
  span.end(OK);
});

test("a call without a context gets one, sampled by the ratio, though nothing is exported", async () => {
  const always = await tracer({ ratio: 1 });
  assert.match(always.start("client", undefined, never).traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  const seldom = await tracer({ ratio: 0 });
  assert.match(seldom.start("client", "rubbish", never).traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test("a share that a route has goes before that of the tracer, and a parent before both", async () => {
  const t = await tracer({ ratio: 0 });
  const flagOf = (incoming: string | undefined, share?: number) =>
    t.start("client", incoming, never, share).traceparent.slice(-2);
  assert.deepEqual([flagOf(undefined), flagOf(undefined, 1)], ["00", "01"]);
  assert.equal(flagOf("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", 1), "00");
});

test("spans say who they are from by OpenTelemetry's conventions, and what the environment adds", async (t) => {
  const receiver = await otlpReceiver(t);
  process.env.OTEL_RESOURCE_ATTRIBUTES = "deployment.environment.name=test,service.name=not-this";
  t.after(() => delete process.env.OTEL_RESOURCE_ATTRIBUTES);
  const shop = await tracer({ ratio: 1, endpoint: receiver.url, namespace: "mesh" });
  shop.start("client", undefined, facts()).end(OK);
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
  assert.equal(t.start("client", `01-${ids}-new`, never).traceparent, `00-${ids}`);
});

test("the spans of both sides arrive at an OTLP receiver, joined to one trace", async (t) => {
  const receiver = await otlpReceiver(t);
  const shop = await tracer({ ratio: 1, endpoint: receiver.url });
  const orders = await tracer({ service: "orders", ratio: 0, endpoint: receiver.url });
  const outer = shop.start("client", undefined, facts());
  const inner = orders.start("server", outer.traceparent, facts());
  inner.end({ ...OK, status: 404, attempt: 2 });
  outer.end({ ...OK, status: 503, errorCode: "no-instance", attempt: 3 });
  await Promise.all([shop.shutdown(), orders.shutdown()]);

  const client = receiver.spans().find((span) => span.kind === 3)!;
  const server = receiver.spans().find((span) => span.kind === 2)!;
  assert.equal(server.traceId, client.traceId);
  assert.equal(server.parentSpanId, client.spanId);
  assert.equal(outer.traceparent, `00-${client.traceId}-${client.spanId}-01`);
  assert.deepEqual([client.service, server.service], ["shop", "orders"]);
  assert.deepEqual(client.attributes, {
    "http.request.method": "GET",
    "url.path": "/items",
    "server.address": "orders",
    "weft.caller": "shop",
    "http.route": "orders/canary",
    "weft.callee": "orders",
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
  const span = shop.start("client", undefined, facts());
  span.event!("retry", { instance: "o1", code: "gone", status: 502, ms: 25 });
  span.event!("hedged", { instance: "" });
  span.end({ ...OK, waitedMs: 25 });
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
          "weft.ms": 25,
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
  shop.start("client", undefined, facts()).end(OK);
  await shop.shutdown();
  assert.equal(receiver.spans().length, 1);
});

test("a receiver that refuses is reported, and does not stop the shutdown", async (t) => {
  const receiver = await otlpReceiver(t, 400);
  const problems: string[] = [];
  const shop = await tracer({ ratio: 1, endpoint: receiver.url, onProblem: (text) => problems.push(text) });
  shop.start("client", undefined, facts()).end(OK);
  await shop.shutdown();
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /^1 spans could not be sent/);
});
