import assert from "node:assert/strict";
import { test } from "node:test";
import type { CalleeState } from "../../src/telemetry/callee-families.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { total, value } from "../support/metrics.ts";

const aCallee = (over: Partial<CalleeState> = {}): CalleeState => ({
  ...{ service: "orders", isKnown: true, retries: 0 },
  budget: { refused: 0, left: 10 },
  hedges: { begun: 0, won: 0 },
  ejections: {},
  endpoints: [],
  ...over,
});

const textOf = (options: Omit<Parameters<typeof createMetrics>[0], "service" | "instance" | "version">) =>
  createMetrics({ service: "shop", instance: "s1", version: "1", ...options }).text();

test("what policy did with the calls to each callee is shown by callee", async () => {
  const orders = aCallee({
    retries: 7,
    budget: { refused: 2, left: 3 },
    hedges: { begun: 5, won: 4 },
    ejections: { "consecutive-failures": 2, "probe-failed": 1 },
    parked: { held: 6, parked: 60, expired: 8, full: 9 },
    endpoints: [
      { state: "admitting" },
      { state: "ejected" },
      { state: "admitting" },
      { state: "admitting", mark: "full" },
      { state: "ejected", panic: true, mark: "down" },
    ],
  });
  const text = await textOf({ callees: () => [orders, aCallee({ service: "stock" })] });
  const of = (name: string, labels = {}) => value(text, name, { weft_callee: "orders", ...labels });
  assert.deepEqual(
    [
      ...["weft_retry_attempts_total", "weft_retry_refused_total", "weft_retry_budget_left"],
      ...["weft_hedge_attempts_total", "weft_hedge_wins_total"],
      ...["weft_parked", "weft_parked_total", "weft_parked_expired_total", "weft_park_full_total"],
    ].map((name) => of(name)),
    [7, 2, 3, 5, 4, 6, 60, 8, 9],
  );
  assert.equal(of("weft_ejections_total", { reason: "consecutive-failures" }), 2);
  assert.equal(of("weft_ejections_total", { reason: "probe-failed" }), 1);
  const states = ["admitting", "ejected", "probing", "full", "limited", "panic", "down"];
  assert.deepEqual(
    states.map((state) => of("weft_endpoints", { state })),
    [2, 1, 0, 1, 0, 1, 0],
  );
  const stock = { weft_callee: "stock" };
  assert.equal(value(text, "weft_retry_budget_left", stock), 10);
  assert.equal(value(text, "weft_parked", stock), undefined, "policy holds none of its calls");
});

test("a name that nobody serves makes no series, until something is done about it", async () => {
  const nobody = aCallee({ service: "nobody", isKnown: false, retries: 2 });
  assert.doesNotMatch(await textOf({ callees: () => [nobody] }), /nobody/);
  for (const over of [
    { budget: { refused: 1, left: 0 } },
    { hedges: { begun: 1, won: 0 } },
    { ejections: { service: 1 } },
    { parked: { held: 0, parked: 1, expired: 1, full: 0 } },
  ]) {
    const text = await textOf({ callees: () => [{ ...nobody, ...over }] });
    assert.equal(value(text, "weft_retry_attempts_total", { weft_callee: "nobody" }), 2);
  }
});

test("the callees are looked at once in a scrape", async () => {
  let looked = 0;
  const callees = () => {
    looked++;
    return [aCallee()];
  };
  await textOf({ callees });
  assert.equal(looked, 1);
});

test("how busy the app is, and what was turned away, is shown; a limit only where there is one", async () => {
  const state = { running: 3, waiting: 2, queued: 20, overloaded: 4, shed: 1, askedAgain: 5 };
  const text = await textOf({ concurrency: () => ({ ...state, limit: 3 }) });
  assert.deepEqual(
    [
      ...["weft_concurrency_limit", "weft_concurrency_running", "weft_concurrency_waiting"],
      ...["weft_queued_total", "weft_overloaded_total", "weft_shed_total", "weft_app_asked_again_total"],
    ].map((name) => value(text, name)),
    [3, 3, 2, 20, 4, 1, 5],
  );
  const unlimited = await textOf({ concurrency: () => ({ ...state, limit: Number.POSITIVE_INFINITY }) });
  assert.equal(value(unlimited, "weft_concurrency_limit"), undefined);
  assert.equal(value(unlimited, "weft_concurrency_running"), 3);
  assert.equal(value(await textOf({}), "weft_concurrency_running"), undefined, "a pure caller has no app");
});

test("calls above a rate are counted by caller and limit, and only so many callers are told apart", async () => {
  const m = createMetrics({ service: "orders", instance: "o1", version: "1" });
  for (let i = 0; i < 3; i++) m.limited("shop", "local");
  m.limited("shop", "global");
  for (let i = 0; i < 500; i++) m.limited(`caller-${i}`, "local");
  const text = await m.text();
  const name = "weft_rate_limited_total";
  assert.equal(value(text, name, { weft_caller: "shop", limit: "local" }), 3);
  assert.equal(value(text, name, { weft_caller: "shop", limit: "global" }), 1);
  assert.equal(value(text, name, { weft_caller: "_OTHER", limit: "local" }), 301);
  assert.equal(total(text, name), 504);
  assert.equal(text.split("\n").filter((line) => line.startsWith(`${name}{`)).length, 202);
});
