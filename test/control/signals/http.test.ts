import assert from "node:assert/strict";
import { test } from "node:test";
import { registryWithSignals } from "./registry-scene.ts";

test("the graph and the signals of a service are answered as OpenAPI describes them", async (t) => {
  const { json } = await registryWithSignals(t);
  const graph = await json("/v1/graph");
  assert.deepEqual(
    graph.nodes.map(({ service, health, why }: Record<string, string>) => [service, health, why]),
    [
      ["orders", "degraded", "10.0 % of its calls fail, mostly no-instance"],
      ["shop", "idle", undefined],
    ],
  );
  const [edge] = graph.edges;
  assert.deepEqual(
    [edge.from, edge.to, edge.calls, edge.success, edge.retries],
    ["shop", "orders", 100, 0.9, 3],
  );
  const orders = await json("/v1/signals/orders?window=1m&by=route");
  assert.deepEqual([orders.in.calls, orders.out.calls, orders.by.rows[0].name], [100, 0, "orders/split"]);
  assert.equal(orders.in.points.rate.length, 12);
  const api = await json("/openapi.json");
  for (const path of ["/v1/graph", "/v1/signals/stream", "/v1/signals/{service}", "/v1/metrics"])
    assert.ok(path in api.paths, path);
});

test("the mesh as it was is there, for as long as it is kept", async (t) => {
  const { clock, report, json } = await registryWithSignals(t);
  const before = clock.unix();
  clock.advance(5 * 60_000);
  await report();
  assert.equal((await json("/v1/graph?window=10m")).edges[0].calls, 200);
  assert.equal((await json(`/v1/graph?window=1m&at=${before}`)).edges[0].calls, 100);
});

test("a wrong question is told what would be right", async (t) => {
  const { get } = await registryWithSignals(t);
  for (const [path, status, says] of [
    ["/v1/graph?window=1d", 400, /window: a duration from 5s to 60m/],
    ["/v1/graph?window=2h", 400, /window/],
    ["/v1/graph?at=yesterday", 400, /at/],
    ["/v1/graph?until=1", 400, /until/],
    ["/v1/signals/orders?by=path", 400, /by/],
    ["/v1/signals/nobody", 404, /no service .*nobody.* was heard of: \/v1\/graph lists/],
    ["/v1/signals/stream?window=0s", 400, /window/],
  ] as const) {
    const answer = await get(path);
    assert.equal(answer.status, status, `${path}: ${answer.text}`);
    assert.match(answer.text, says);
  }
});

test("one endpoint has the metrics of the whole mesh, in the names that sidecars use", async (t) => {
  const { get, report } = await registryWithSignals(t);
  await report();
  const { text, type } = await get("/v1/metrics");
  assert.match(type!, /^text\/plain; version=0\.0\.4/);
  const edge = 'weft_caller="shop",weft_callee="orders",weft_version="2"';
  for (const line of [
    "# TYPE http_client_request_duration_seconds histogram",
    `http_client_request_duration_seconds_bucket{le="0.01",${edge}} 20`,
    `http_client_request_duration_seconds_bucket{le="0.075",${edge}} 20`,
    `http_client_request_duration_seconds_bucket{le="0.1",${edge}} 200`,
    `http_client_request_duration_seconds_bucket{le="+Inf",${edge}} 200`,
    `http_client_request_duration_seconds_count{${edge}} 200`,
    `weft_client_requests_total{${edge},status_class="2xx"} 180`,
    `weft_client_requests_total{${edge},status_class="5xx"} 20`,
    `weft_client_failed_total{${edge}} 20`,
    `weft_client_errors_total{${edge},code="no-instance"} 20`,
    'weft_retry_attempts_total{weft_caller="shop",weft_callee="orders"} 6',
    'weft_credential_expiry_timestamp_seconds{weft_service="shop",weft_instance="s1",kind="jwt"} 1700000000',
  ])
    assert.ok(text.split("\n").includes(line), `${line}\n${text}`);
});

test("a reader of the stream gets the graph at once, and again every five seconds", async (t) => {
  const { clock, report, url } = await registryWithSignals(t);
  const response = await fetch(`${url}/v1/signals/stream?window=1m`);
  assert.match(response.headers.get("content-type")!, /^text\/event-stream/);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const calls = async (count: number) => {
    for (let i = 0; i < 20; i++) {
      const graphs = [...text.matchAll(/^event: graph\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data!));
      if (graphs.length >= count) return graphs.map(({ edges }) => edges[0].calls);
      text += (await reader.read()).value ?? "";
    }
    return [];
  };
  assert.deepEqual(await calls(1), [100]);
  await report();
  clock.advance(5000);
  assert.deepEqual((await calls(2)).at(-1), 200);
  await reader.cancel();
});

test("it answers to names of this machine alone, as all of the registry's API", async (t) => {
  const { url } = await registryWithSignals(t);
  const { request } = await import("node:http");
  const status = await new Promise((resolve) =>
    request(`${url}/v1/graph`, { headers: { host: "evil.example" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).end(),
  );
  assert.equal(status, 403);
});
