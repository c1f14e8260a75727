import assert from "node:assert/strict";
import { test } from "node:test";
import { callFamilies } from "../../src/telemetry/call-families.ts";
import { CallMeter, type FinishedCall } from "../../src/telemetry/call-meter.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";

const call = (over: Partial<FinishedCall> = {}): FinishedCall => ({
  method: "GET",
  status: 200,
  peer: "orders",
  version: "2",
  route: "",
  errorCode: undefined,
  injected: "",
  durationMs: 7,
  ...over,
});

const metrics = (over: Partial<Parameters<typeof createMetrics>[0]> = {}) =>
  createMetrics({ service: "shop", instance: "s1", version: "1", ...over });

test("a call shows in the histogram of its side under OpenTelemetry's names, with cumulative buckets", async () => {
  const m = metrics();
  m.client.started();
  m.client.ended(call());
  m.server.started();
  m.server.ended(call({ peer: "web", durationMs: 20_000 }));
  const text = await m.text();
  const client =
    'http_request_method="GET",http_response_status_code="200",weft_caller="shop",weft_callee="orders",weft_version="2"';
  const bucket = (le: string, n: number) =>
    text.includes(`http_client_request_duration_seconds_bucket{le="${le}",${client}} ${n}\n`);
  assert.ok(bucket("0.005", 0));
  assert.ok(bucket("0.01", 1));
  assert.ok(bucket("10", 1));
  assert.ok(bucket("+Inf", 1));
  assert.ok(text.includes(`http_client_request_duration_seconds_sum{${client}} 0.007\n`));
  assert.ok(text.includes(`http_client_request_duration_seconds_count{${client}} 1\n`));
  assert.match(
    text,
    /http_server_request_duration_seconds_bucket\{le="10",.*weft_caller="web",weft_callee="shop".*\} 0\n/,
  );
  assert.match(text, /# TYPE http_server_request_duration_seconds histogram\n/);
});

test("an error is named by the mesh's code, else by the status: from 400 for a client, from 500 for a server", async () => {
  const m = metrics();
  m.client.ended(call({ status: 503, errorCode: "no-instance" }));
  m.client.ended(call({ status: 404 }));
  m.server.ended(call({ status: 404 }));
  m.server.ended(call({ status: 500 }));
  m.server.ended(call({ status: undefined, errorCode: "cancelled" }));
  const lines = (await m.text()).split("\n").filter((line) => line.includes("_count{"));
  const error = (line: string | undefined) => /error_type="([^"]*)"/.exec(line ?? "")?.[1];
  assert.deepEqual(lines.map(error), ["no-instance", "404", undefined, "500", "cancelled"]);
  assert.ok(!lines[4]!.includes("http_response_status_code"));
  assert.match(await m.text(), /weft_client_errors_total\{code="no-instance"\} 1\n/);
});

test("calls in flight, attempts and bytes are counted for each side", async () => {
  const m = metrics();
  m.client.started();
  m.client.started();
  m.client.ended(call({ attempts: 3 }));
  assert.equal(m.client.inFlight, 1);
  const text = await m.text();
  assert.match(text, /^weft_client_calls_in_flight 1$/m);
  assert.match(text, /^weft_client_attempts_total 3$/m);
  assert.match(text, /^weft_server_calls_in_flight 0$/m);
});

test("a method that nobody knows does not make a series of its own", () => {
  const meter = new CallMeter({ side: "server", service: "shop" });
  for (const method of ["BREW", "PROPFIND", "X1"]) meter.ended(call({ method }));
  const series = counts(meter);
  assert.deepEqual(
    series.map((s) => [s.labels.http_request_method, s.value]),
    [["_OTHER", 3]],
  );
});

test("peers beyond the limit share one series, and nothing is lost", () => {
  const meter = new CallMeter({ side: "client", service: "shop", maxSeries: 3 });
  for (let i = 0; i < 10; i++) meter.ended(call({ peer: `p${i}` }));
  const series = counts(meter);
  assert.deepEqual(
    series.map((s) => s.labels.weft_callee),
    ["p0", "p1", "p2", "_OTHER"],
  );
  assert.equal(
    series.reduce((sum, s) => sum + s.value, 0),
    10,
  );
});

test("a series that was idle for ten minutes is gone from the next scrape, and makes room", () => {
  let now = 0;
  const meter = new CallMeter({ side: "client", service: "shop", maxSeries: 2, now: () => now });
  meter.ended(call({ peer: "old" }));
  meter.ended(call({ peer: "busy" }));
  assert.equal(counts(meter).length, 2);
  now = 300_000;
  meter.ended(call({ peer: "busy" }));
  counts(meter);
  now = 600_001;
  assert.deepEqual(
    counts(meter).map((s) => s.labels.weft_callee),
    ["busy"],
  );
  now += 2000;
  meter.ended(call({ peer: "new" }));
  assert.deepEqual(
    counts(meter).map((s) => s.labels.weft_callee),
    ["busy", "new"],
  );
});

test("the broker's connection, credentials and the registry's table are shown as the sidecar knows them", async () => {
  const m = metrics({
    state: () => ({ jwtExpiresAt: 5_000, registryLive: false, registryAgeMs: 1500, instancesKnown: 4 }),
  });
  for (const kind of ["connected", "away", "away", "connected"] as const) m.brokerState(kind);
  const text = await m.text();
  assert.match(text, /^weft_info\{weft_service="shop",weft_instance="s1",weft_version="1"\} 1$/m);
  assert.match(text, /^weft_broker_connected 1$/m);
  assert.match(text, /^weft_broker_reconnects_total 1$/m);
  assert.match(
    text,
    /^weft_credential_expiry_timestamp_seconds\{weft_service="shop",weft_instance="s1",kind="jwt"\} 5$/m,
  );
  assert.doesNotMatch(text, /kind="leaf"/);
  assert.match(text, /^weft_registry_live 0$/m);
  assert.match(text, /^weft_registry_table_age_seconds 1.5$/m);
  assert.match(text, /^weft_instances_known 4$/m);
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
});

function counts(meter: CallMeter) {
  const histogram = callFamilies(meter)[0]!;
  return [...histogram.read()]
    .filter((sample) => sample.metricName?.endsWith("_count"))
    .map((sample) => ({ labels: sample.sharedLabels!, value: sample.value }));
}
