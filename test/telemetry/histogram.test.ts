import assert from "node:assert/strict";
import { test } from "node:test";
import { CallMeter, type FinishedCall } from "../../src/telemetry/call-meter.ts";
import { BOUNDS_MS, BUCKETS, bucketOf, CONVENTIONAL, quantileMs } from "../../src/telemetry/histogram.ts";

const call = (over: Partial<FinishedCall> = {}): FinishedCall => ({
  ...{ method: "GET", status: 200, peer: "orders", version: "2", route: "" },
  ...{ errorCode: undefined, injected: "", durationMs: 7 },
  ...over,
});

const byComparison = (ms: number): number => {
  const found = BOUNDS_MS.findIndex((bound) => ms <= bound);
  return found < 0 ? BUCKETS - 1 : found;
};

test("a duration is in the first bucket whose bound it does not exceed, at the bounds and everywhere between", () => {
  for (const bound of BOUNDS_MS)
    for (const ms of [bound * (1 - 1e-12), bound, bound * (1 + 1e-12), bound * 1.1])
      assert.equal(bucketOf(ms), byComparison(ms), `${ms} ms`);
  for (let ms = 0.01; ms < 100_000; ms *= 1.0007) assert.equal(bucketOf(ms), byComparison(ms), `${ms} ms`);
  assert.deepEqual([0, -1, 1e-9, Number.POSITIVE_INFINITY].map(bucketOf), [0, 0, 0, BUCKETS - 1]);
});

test("the bounds go from 0.1 ms to 60 s in steps of a third at most, and those of OpenTelemetry are among them", () => {
  assert.deepEqual([BOUNDS_MS[0], BOUNDS_MS[1], BOUNDS_MS.at(-1)], [0.1, 0.125, 60_000]);
  for (const [i, bound] of BOUNDS_MS.slice(1).entries()) {
    const step = bound / BOUNDS_MS[i]!;
    assert.ok(step > 1.19 && step < 1.34, `${bound} is ${step} times the one before`);
  }
  assert.ok(CONVENTIONAL.every(([boundMs, last]) => BOUNDS_MS[last] === boundMs));
});

test("a quantile is found within its bucket, and is not known without calls", () => {
  const buckets = new Float64Array(BUCKETS);
  assert.equal(quantileMs(buckets, 0.5), undefined);
  buckets[bucketOf(4.5)] = 90;
  buckets[bucketOf(95)] = 10;
  assert.ok(Math.abs(quantileMs(buckets, 0.5)! - (4 + 50 / 90)) < 1e-9);
  assert.equal(quantileMs(buckets, 0.9), 5);
  assert.equal(quantileMs(buckets, 0.95), 87.5);
  buckets[BUCKETS - 1] = 900;
  assert.equal(quantileMs(buckets, 0.99), 60_000);
});

test("a meter tells each call once, by peer, version and route, with what failed and why", () => {
  const meter = new CallMeter({ side: "client", service: "shop" });
  meter.ended(call());
  meter.ended(call({ method: "POST", status: 500, durationMs: 70 }));
  meter.ended(call({ status: 503, errorCode: "no-instance" }));
  meter.ended(call({ status: undefined, errorCode: "cancelled" }));
  meter.ended(call({ status: 403, errorCode: "denied" }));
  meter.ended(call({ status: 404 }));
  meter.ended(call({ peer: "stock", version: "", route: "stock/all" }));
  const [orders, stock] = meter.takeNew();
  assert.deepEqual([orders!.peer, orders!.version, orders!.route, orders!.calls], ["orders", "2", "", 6]);
  assert.deepEqual(orders!.statuses, [1, 0, 1, 0, 2, 2]);
  assert.deepEqual(Object.fromEntries(orders!.codes), { "no-instance": 1, cancelled: 1, denied: 1 });
  assert.equal(orders!.failed, 3, "a 500, no instance, and denied; not 404, and not a caller that left");
  assert.equal(orders!.sumMs, 105);
  assert.deepEqual([orders!.buckets[bucketOf(7)], orders!.buckets[bucketOf(70)]], [5, 1]);
  assert.deepEqual([stock!.peer, stock!.version, stock!.route, stock!.calls], ["stock", "", "stock/all", 1]);
  assert.deepEqual(meter.takeNew(), []);
  meter.ended(call({ durationMs: 1 }));
  const [again] = meter.takeNew();
  assert.deepEqual([again!.calls, again!.sumMs, again!.buckets[bucketOf(1)]], [1, 1, 1]);
});

test("what was refused before anybody knew whom it was for is nobody's", () => {
  const meter = new CallMeter({ side: "client", service: "shop" });
  meter.ended(call({ peer: "", version: "", status: 400, errorCode: "bad-request" }));
  assert.deepEqual(meter.takeNew(), []);
});
