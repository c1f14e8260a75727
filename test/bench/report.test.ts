import assert from "node:assert/strict";
import { test } from "node:test";
import type { Measurement } from "../../bench/measure.ts";
import { htmlReport } from "../../bench/report/html.ts";
import type { Report } from "../../bench/report/report.ts";
import { countText, logTicks, spaced, timeText } from "../../bench/report/svg.ts";
import { balanceText, grid, policyText, textTable } from "../../bench/report/text.ts";
import { PERCENTILES, type Scenario } from "../../bench/scenario.ts";
import { summarize } from "../../bench/summary.ts";

const ONE: Scenario = { load: { kind: "closed", connections: 1 }, bodyBytes: 0 };
const MANY: Scenario = { load: { kind: "closed", connections: 64 }, bodyBytes: 1024 };

const measured = (path: string, scenario: Scenario, scale: number): Measurement => ({
  path,
  scenario,
  round: 1,
  requests: 40_000,
  seconds: 4,
  errors: 0,
  percentilesUs: PERCENTILES.map((p) => scale * (100 + p)),
  cpuUs: { outbound: 10.4, inbound: 9.6, upstream: 5 },
  rssMiB: { outbound: 60 },
});

const measurements = [ONE, MANY].flatMap((scenario) => [
  measured("mesh", scenario, 2),
  measured("<b>", scenario, 1),
]);

const BALANCE = (["all well", "one slow", "one failing"] as const).flatMap((situation) =>
  (["queue-group", "round-robin", "peak-ewma"] as const).flatMap((policy) =>
    [1, 2, 3].map((round) => ({
      ...{ situation, policy, round },
      ...{ p50Ms: 10 * round, p99Ms: 100 * round, goodput: 1 - round / 1000, share: 0.2 },
    })),
  ),
);

const report: Report = {
  machine: {
    cpu: "a <cpu>",
    cores: 2,
    memoryGiB: 8,
    system: "Linux",
    node: "v20",
    natsServer: "2.9.10",
    generator: "wrk",
    upstream: "nginx",
    loadBefore: 0.1,
    date: "2026-11-22T00:00:00Z",
  },
  plan: {
    scenarios: [ONE, MANY],
    rounds: 1,
    measureS: 4,
    warmupS: 0,
    firstWarmupS: 0,
    streamBytes: 0,
    policyRounds: 1,
    balanceRounds: 1,
    balanceS: 1,
  },
  titles: { mesh: "two sidecars", "<b>": "a path" },
  skipped: [{ name: "envoy", reason: "it is not installed" }],
  idle: [],
  rows: summarize(measurements, [ONE, MANY]),
  streams: [],
  policy: {
    routes: 1000,
    services: 200,
    rounds: 3,
    applyMs: 1234,
    actsAfterMs: 40.4,
    storedBytes: 20_480,
    called: 3,
    known: 3,
    growthMiB: 1.26,
  },
  balance: BALANCE,
  goals: [],
  measurements,
};

test("the table has a block for each scenario, the fastest path first, and no p99 at one connection", () => {
  const [first, second] = textTable(report.rows).split("\n\n");
  assert.match(first!, /^1 connection, closed loop, no body\n/);
  const lines = first!.split("\n").slice(2);
  assert.match(lines[0]!, /^ {2}<b> +150 +190 +- +- +10,000/);
  assert.match(
    lines[1]!,
    /^ {2}mesh +300 +380 +- +- +10,000 .* outbound 10, inbound 10, upstream 5 +outbound 60$/,
  );
  assert.match(second!, /^64 connections, closed loop, 1 KiB each way\n/);
  assert.match(second!.split("\n")[3]!, /mesh +300 +380 +398 +400/);
});

test("columns of numbers are set to the right, others to the left", () => {
  assert.equal(
    grid([
      ["a", "n"],
      ["xyz", "10"],
      ["x", "5"],
    ]),
    "  a     n\n  xyz  10\n  x     5",
  );
});

test("the page stands alone: no script, nothing from elsewhere, and no name gets into its markup", () => {
  const page = htmlReport(report);
  assert.doesNotMatch(page, /<script|https?:\/\/|src=|@import|url\(/);
  assert.doesNotMatch(page, /<b>(?!&lt;b&gt;|mesh)/);
  assert.ok(page.includes("a &lt;cpu&gt;"));
  assert.ok(page.includes("prefers-color-scheme:dark"));
  assert.equal(page.match(/aria-label="Latency by percentile/g)?.length, 2);
  assert.doesNotMatch(page, /NaN|undefined|Infinity/);
});

test("what much policy costs is told a figure a line, in the text and on the page", () => {
  const lines = policyText(report.policy!).split("\n");
  assert.equal(lines[0], "policy: 1,000 routes over 200 services, 3 times");
  const values = lines.slice(1).map((line) => line.split(/ {2,}/).at(-1));
  assert.deepEqual(values, ["1.23 s", "40 ms", "20.0 KiB", "3", "1.3 MiB"]);
  const page = htmlReport(report);
  for (const value of values) assert.ok(page.includes(`<td>${value}</td>`), value);
});

test("balancing has a line for each situation and policy: medians of the rounds", () => {
  const lines = balanceText(BALANCE).split("\n").slice(2);
  assert.equal(lines.length, 9);
  assert.match(lines[5]!, /^ {2}one slow +peak-ewma +20\.0 +200\.0 +99\.80 +20\.0$/);
  const page = htmlReport(report);
  assert.equal(page.match(/<td class="left">one slow<\/td>/g)?.length, 3);
  assert.doesNotMatch(htmlReport({ ...report, balance: [] }), /Balancing/);
});

test("figures are written as people read them", () => {
  assert.deepEqual([85.4, 999.6, 1234, 56_700, 2_500_000].map(timeText), [
    "85 µs",
    "1 ms",
    "1.2 ms",
    "57 ms",
    "2.5 s",
  ]);
  assert.deepEqual([950, 9_999, 12_345, 123_456].map(countText), ["950", "9,999", "12 k", "123 k"]);
});

test("logarithmic ticks are 1, 2 and 5 of each decade within the range", () => {
  assert.deepEqual(
    logTicks(40, 1100).map(({ value }) => value),
    [50, 100, 200, 500, 1000],
  );
});

test("labels are moved apart and stay within bounds", () => {
  assert.deepEqual(spaced([10, 11, 12], 5, 0, 100), [10, 15, 20]);
  assert.deepEqual(spaced([98, 99, 97], 5, 0, 100), [95, 100, 90]);
});
