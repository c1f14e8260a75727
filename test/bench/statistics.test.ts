import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, pairedRatios } from "../../bench/goals.ts";
import { percentilesOf } from "../../bench/load/result.ts";
import type { Measurement } from "../../bench/measure.ts";
import { PERCENTILES, type Scenario } from "../../bench/scenario.ts";
import { median, shuffled, spread } from "../../bench/statistics.ts";
import { requestsPerS, summarize } from "../../bench/summary.ts";

const SCENARIO: Scenario = { load: { kind: "closed", connections: 64 }, bodyBytes: 0 };

const measured = (
  path: string,
  round: number,
  requests: number,
  over: Partial<Measurement> = {},
): Measurement => ({
  path,
  round,
  scenario: SCENARIO,
  requests,
  seconds: 1,
  errors: 0,
  percentilesUs: PERCENTILES.map((p) => p * 10),
  cpuUs: { outbound: 10, inbound: 20 },
  rssMiB: {},
  ...over,
});

test("medians, spreads and percentiles are what they say", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(spread([90, 100, 110]), 0.1);
  const samples = Float64Array.from({ length: 1000 }, (_, i) => 1000 - i);
  const at = percentilesOf(samples);
  assert.equal(at[PERCENTILES.indexOf(50)], 500);
  assert.equal(at[PERCENTILES.indexOf(99.9)], 999);
  assert.equal(percentilesOf(new Float64Array(0)).length, PERCENTILES.length);
});

test("shuffling keeps every value, and orders by the random numbers alone", () => {
  const values = [1, 2, 3, 4, 5];
  assert.deepEqual([...shuffled(values)].sort(), values);
  assert.deepEqual(
    shuffled(values, () => 0),
    shuffled(values, () => 0),
  );
});

test("a row is the median of its rounds, and sums their errors", () => {
  const rows = summarize(
    [measured("mesh", 1, 100), measured("mesh", 2, 300, { errors: 2 }), measured("mesh", 3, 200)],
    [SCENARIO],
  );
  assert.equal(rows.length, 1);
  assert.equal(rows[0]!.requestsPerS, 200);
  assert.equal(rows[0]!.spread, 0.5);
  assert.equal(rows[0]!.errors, 2);
  assert.deepEqual(rows[0]!.cpuUs, { outbound: 10, inbound: 20 });
});

test("ratios are taken within rounds, so that a slow round does no harm", () => {
  const all = [
    measured("mesh-plain", 1, 50),
    measured("haproxy", 1, 100),
    measured("mesh-plain", 2, 5),
    measured("haproxy", 2, 10),
    measured("haproxy", 3, 10),
  ];
  assert.deepEqual(pairedRatios(all, SCENARIO, requestsPerS, "mesh-plain", "haproxy"), [0.5, 0.5]);
});

test("what a route costs is judged by the mesh without one, in the same run", () => {
  const all = [measured("mesh-plain", 1, 100), measured("mesh-routed", 1, 90), measured("mesh", 1, 80)];
  const single = { idleMiB: undefined, streamGrowthMiB: undefined, applyS: undefined };
  const { value, verdict, now } = judge(all, single).find(({ name }) => name.includes("with a route"))!;
  assert.deepEqual([value, verdict, now], [0.9, "reached", 0.85]);
});

test("a goal is reached, within tolerance, missed, or not measured", () => {
  const verdictAt = (requests: number) =>
    judge([measured("mesh-plain", 1, requests), measured("haproxy", 1, 100)], {
      idleMiB: 80,
      streamGrowthMiB: undefined,
      applyS: 2.1,
    });
  const first = (requests: number) => verdictAt(requests)[0]!;
  assert.equal(first(50).verdict, "reached");
  assert.equal(first(46).verdict, "within tolerance");
  assert.equal(first(40).verdict, "missed");
  assert.equal(first(40).value, 0.4);
  const byName = (name: string) => verdictAt(50).find((one) => one.name.startsWith(name))!;
  assert.equal(byName("req/s ÷ Envoy").verdict, "not measured");
  assert.equal(byName("RSS of an idle").verdict, "within tolerance");
  assert.equal(byName("apply of 1,000 routes").verdict, "within tolerance");
  assert.equal(byName("RSS growth").verdict, "not measured");
});
