import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { testBroker } from "../support/broker.ts";
import { testApp, testSidecar } from "../support/mesh.ts";
import { meshPair } from "../support/mesh-pair.ts";
import { metricsOf, value } from "../support/metrics.ts";
import { otlpReceiver } from "../support/otlp-receiver.ts";
import { sidecarProcess } from "../support/sidecar-process.ts";
import { until } from "../support/until.ts";

test("both sides count and time each call, in OpenTelemetry's names", async (t) => {
  const app = await testApp(t, (request, response) => {
    response.statusCode = request.url === "/bad" ? 500 : 200;
    request.resume().on("end", () => response.end("12345"));
  });
  const { shop, orders } = await meshPair(t, app);
  for (let i = 0; i < 3; i++) await ask(shop.listen, "v1.orders.mesh", `/${i}`);
  await ask(shop.listen, "orders.mesh", "/bad", { method: "POST", body: "123" });
  await ask(shop.listen, "none.mesh");

  const client = await metricsOf(shop.admin!);
  const server = await metricsOf(orders.admin!);
  const calls = "request_duration_seconds_count";
  const ends = { weft_caller: "shop", weft_callee: "orders" };
  const good = { ...ends, http_request_method: "GET", http_response_status_code: "200", weft_version: "1" };
  assert.equal(value(client, `http_client_${calls}`, good), 3);
  assert.equal(value(server, `http_server_${calls}`, good), 3);
  const bad = { ...ends, http_request_method: "POST", http_response_status_code: "500", error_type: "500" };
  assert.equal(value(client, `http_client_${calls}`, bad), 1);
  assert.equal(value(server, `http_server_${calls}`, bad), 1);
  assert.equal(value(client, `http_client_${calls}`, { weft_callee: "none", error_type: "no-instance" }), 1);
  assert.equal(value(client, "weft_client_errors_total", { code: "no-instance" }), 1);
  assert.equal(value(client, "weft_client_attempts_total"), 4 + 3);
  assert.equal(value(client, "weft_client_calls_in_flight"), 0);
  assert.equal(value(server, "weft_server_calls_in_flight"), 0);
  assert.ok(value(client, "http_client_request_duration_seconds_sum", good)! > 0);
  assert.doesNotMatch(client + server, /url|path=|\/bad/, "no label holds a path");
});

test("the spans of a sampled call join up across both sidecars and the app", async (t) => {
  const receiver = await otlpReceiver(t);
  const broker = await testBroker(t);
  let atApp: string | undefined;
  const app = await testApp(t, (request, response) => {
    atApp = request.headers.traceparent as string;
    response.writeHead(404).end();
  });
  const tracing = { endpoint: receiver.url, ratio: 0 };
  const orders = await testSidecar(broker, "orders", { app, tracing });
  const shop = await testSidecar(broker, "shop", { tracing });
  const [traceId, spanId] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
  await ask(shop.listen, "orders.mesh", "/not-sampled?secret", {
    headers: { traceparent: `00-${traceId}-${spanId}-00` },
  });
  assert.equal(atApp, `00-${traceId}-${spanId}-00`);
  await ask(shop.listen, "orders.mesh", "/sampled?secret", {
    headers: { traceparent: `00-${traceId}-${spanId}-01`, tracestate: "a=1" },
  });
  // Closing sends what is queued.
  await Promise.all([shop.close(0), orders.close(0)]);
  const spans = receiver.spans();
  assert.equal(spans.length, 2);
  const client = spans.find(({ service }) => service === "shop")!;
  const server = spans.find(({ service }) => service === "orders")!;
  assert.deepEqual([client.traceId, server.traceId], [traceId, traceId]);
  assert.deepEqual([client.parentSpanId, server.parentSpanId], [spanId, client.spanId]);
  assert.equal(atApp, `00-${traceId}-${server.spanId}-01`);
  assert.equal(client.attributes["http.response.status_code"], 404);
  assert.equal(client.attributes["url.path"], "/sampled");
});

test("the access log has one line of JSON for each call, without its query", async (t) => {
  const broker = await testBroker(t);
  const app = await testApp(t, (_request, response) => response.writeHead(201).end());
  const orders = await sidecarProcess(broker, "orders", app.port);
  const shop = await sidecarProcess(broker, "shop");
  const headers = { "x-request-id": "mine" };
  await ask(shop.listen, "v1.orders.mesh", "/things?secret=1", { method: "PUT", headers });
  await ask(shop.listen, "none.mesh");
  await Promise.all([shop.stop(), orders.stop()]);
  const [atShop, refused, ...more] = shop.printed.filter(({ log }) => log === "access");
  const [atOrders] = orders.printed.filter(({ log }) => log === "access");
  assert.deepEqual(more, []);
  const { time, durationMs, traceparent, ...line } = atShop;
  assert.ok(Date.parse(time) > 0 && durationMs > 0 && traceparent.startsWith("00-"));
  const same = {
    method: "PUT",
    path: "/things",
    status: 201,
    flag: "-",
    ...{ route: "", mirrored: false, injected: "", access: "" },
    requestId: "mine",
    instance: "p1",
  };
  assert.deepEqual(line, {
    ...{ log: "access", side: "client", caller: "shop", callee: "orders", version: "1", attempts: 1 },
    ...same,
  });
  for (const [key, is] of Object.entries({ ...same, side: "server", caller: "shop", callee: "orders" }))
    assert.equal(atOrders[key], is, key);
  assert.deepEqual(
    [refused.status, refused.errorCode, refused.flag, refused.attempts],
    [503, "no-instance", "UH", 3],
  );
});

test("the admin listener tells of readiness, configuration and endpoints", async (t) => {
  const app = await testApp(t, (_request, response) => response.end());
  const { broker, shop, orders } = await meshPair(t, app, { orders: { zone: "z1" } });
  const get = async (admin: string, path: string) => {
    const { status, text } = await ask(admin, "localhost", path);
    return { status, json: JSON.parse(text) };
  };
  assert.equal((await ask(orders.admin!, "localhost", "/live")).status, 200);
  assert.deepEqual(await get(orders.admin!, "/ready"), { status: 200, json: { ready: true, reasons: [] } });
  const { json } = await get(orders.admin!, "/config");
  assert.deepEqual(
    [json.mesh, json.service, json.instance, json.version, json.zone],
    ["mesh", "orders", "o1", "1", "z1"],
  );
  assert.deepEqual(json.app, { host: app.host, port: app.port });
  assert.equal(json.limits.timeoutMs, 15_000);
  assert.equal(json.broker.kind, "connected");
  assert.equal((await get(shop.admin!, "/endpoints")).json.registry.kind, "away");
  await broker.stop();
  await until(async () => (await ask(shop.admin!, "localhost", "/ready")).status === 503);
  const { reasons } = (await get(shop.admin!, "/ready")).json;
  assert.deepEqual(reasons, ["the broker is away"]);
  await orders.leave(100);
  assert.ok((await get(orders.admin!, "/ready")).json.reasons.includes("the instance is leaving"));
  assert.equal((await ask(orders.admin!, "localhost", "/live")).status, 200);
});

test("what the sidecar refuses before it is a call is counted by its code", async (t) => {
  const shop = await testSidecar(await testBroker(t), "shop");
  await ask(shop.listen, "example.org");
  await ask(shop.listen, "orders.mesh", "/", { headers: { "weft-timeout": "soon" } });
  const text = await metricsOf(shop.admin!);
  assert.equal(value(text, "weft_client_errors_total", { code: "not-mesh" }), 1);
  assert.equal(value(text, "weft_client_errors_total", { code: "bad-request" }), 1);
});
