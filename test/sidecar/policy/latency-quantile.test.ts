import assert from "node:assert/strict";
import { test } from "node:test";
import { LatencyQuantile } from "../../../sidecar/policy/latency-quantile.ts";
import { seeded } from "../../support/random.ts";

/** As exact as the buckets are: never below, and at most 9 % above. */
const isAbout = (value: number | undefined, exact: number) => {
  assert.ok(value !== undefined && value >= exact * 0.999 && value <= exact * 1.1, `${value} for ${exact}`);
};

test("it finds a quantile of random times, from the shortest to the longest", () => {
  for (const [percentile, scale] of [
    ...[[50, 1] as const, [95, 0.2] as const, [95, 20] as const, [99, 1000] as const, [99.9, 5] as const],
  ]) {
    const random = seeded(percentile);
    const quantile = new LatencyQuantile(percentile);
    const times = Array.from({ length: 20_000 }, () => scale * (1 + random() * 9));
    for (const ms of times) quantile.add(ms, 0);
    const exact = times.sort((a, b) => a - b)[Math.floor((times.length * percentile) / 100)]!;
    isAbout(quantile.value(500), exact);
  }
});

test("it says nothing before it has seen enough, and again after a long silence", () => {
  const p95 = new LatencyQuantile(95);
  for (let i = 0; i < 19; i++) p95.add(10, 0);
  assert.equal(p95.value(500), undefined);
  for (let i = 0; i < 3; i++) p95.add(10, 500);
  isAbout(p95.value(1000), 10);
  assert.equal(p95.value(60_000), undefined);
  const p999 = new LatencyQuantile(99.9);
  for (let i = 0; i < 900; i++) p999.add(10, 0);
  assert.equal(p999.value(500), undefined);
});

test("it follows a change, by the clock", () => {
  const p95 = new LatencyQuantile(95);
  let now = 0;
  const pass = (seconds: number, ms: number) => {
    for (let i = 0; i < seconds * 100; i++) {
      now += 10;
      p95.add(ms, now);
    }
  };
  pass(60, 10);
  isAbout(p95.value(now), 10);
  pass(2, 200);
  isAbout(p95.value(now), 200);
  pass(60, 10);
  isAbout(p95.value(now), 10);
});

test("times out of its range are kept at its ends", () => {
  const p50 = new LatencyQuantile(50);
  for (let i = 0; i < 50; i++) p50.add(0, 0);
  assert.ok(p50.value(500)! < 0.2);
  const slow = new LatencyQuantile(50);
  for (let i = 0; i < 50; i++) slow.add(1e9, 0);
  assert.ok(slow.value(500)! > 600_000);
});
