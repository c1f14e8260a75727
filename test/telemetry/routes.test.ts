import assert from "node:assert/strict";
import { test } from "node:test";
import { callFamilies } from "../../src/telemetry/call-families.ts";
import { CallMeter, type FinishedCall } from "../../src/telemetry/call-meter.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";

const call = (over: Partial<FinishedCall> = {}): FinishedCall => ({
  ...{ method: "GET", status: 200, peer: "orders", version: "2", route: "", errorCode: undefined },
  ...{ injected: "", durationMs: 7 },
  ...over,
});
const meterOf = (over = {}) => new CallMeter({ side: "client", service: "shop", ...over });

const counts = (meter: CallMeter) =>
  callFamilies(meter)
    .flatMap((family) => [...family.read()])
    .filter(({ metricName }) => metricName?.endsWith("_count"))
    .map(({ sharedLabels, value }) => ({ labels: sharedLabels!, value }));

test("each rule of a route has a series of its own; a call without one has no such label", () => {
  const meter = meterOf();
  for (const route of ["orders/canary", "orders/main", "orders/main", ""]) meter.ended(call({ route }));
  assert.deepEqual(
    counts(meter).map(({ labels, value }) => [labels.http_route, value]),
    [
      ["orders/canary", 1],
      ["orders/main", 2],
      [undefined, 1],
    ],
  );
});

test("names of rules that come and go for ever do not fill the memory, nor show up as no rule", () => {
  let now = 0;
  const meter = meterOf({ now: () => now });
  for (let i = 0; i < 4096; i++) {
    meter.ended(call({ route: `r${i}/1` }));
    if (i % 400 === 0) {
      // Series that nobody uses are let go, the numbers of their rules are not.
      now += 600_001;
      counts(meter);
      now += 600_001;
      counts(meter);
    }
  }
  now += 600_001;
  counts(meter);
  now += 600_001;
  counts(meter);
  for (const route of ["one-more/1", "and-more/1", "", "r7/1"]) meter.ended(call({ route }));
  assert.deepEqual(
    counts(meter).map(({ labels, value }) => [labels.http_route, value]),
    [
      ["_OTHER", 2],
      [undefined, 1],
      ["r7/1", 1],
    ],
  );
});

test("calls beyond the limit of series share one, whatever their rule: no two lines have the same labels", async () => {
  const meter = meterOf({ maxSeries: 2 });
  for (let i = 0; i < 10; i++) meter.ended(call({ route: `r${i}/1`, version: String(i % 3) }));
  const series = counts(meter);
  assert.deepEqual(
    series.map(({ labels, value }) => [labels.weft_callee, labels.http_route, value]),
    [
      ["orders", "r0/1", 1],
      ["orders", "r1/1", 1],
      ["_OTHER", undefined, 8],
    ],
  );
});

test("copies of calls are in families of their own, and their faults and calls are not counted as calls", async () => {
  const m = createMetrics({ service: "shop", instance: "s1", version: "1" });
  m.mirrorClient.started();
  m.mirrorClient.ended(call({ peer: "audit", status: 500 }));
  m.mirrorServer.started();
  m.mirrorServer.ended(call({ peer: "web" }));
  m.mirrorSkipped();
  const text = await m.text();
  assert.match(text, /^weft_mirror_client_request_duration_seconds_count\{.*weft_callee="audit".*\} 1$/m);
  assert.match(text, /^weft_mirror_server_request_duration_seconds_count\{.*weft_caller="web".*\} 1$/m);
  assert.match(text, /^weft_mirror_client_skipped_total 1$/m);
  assert.doesNotMatch(text, /^http_(?:client|server)_request_duration_seconds_count/m);
  assert.match(text, /^weft_client_calls_in_flight 0$/m);
});

test("injected faults are counted by kind", async () => {
  const m = createMetrics({ service: "shop", instance: "s1", version: "1" });
  for (const injected of ["delay", "abort", "delay", "delay,abort", ""]) m.client.ended(call({ injected }));
  const text = await m.text();
  assert.match(text, /^weft_client_injected_faults_total\{fault="delay"\} 2$/m);
  assert.match(text, /^weft_client_injected_faults_total\{fault="abort"\} 1$/m);
  assert.match(text, /^weft_client_injected_faults_total\{fault="delay,abort"\} 1$/m);
});
