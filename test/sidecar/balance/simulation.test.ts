import assert from "node:assert/strict";
import { test } from "node:test";
import type { BalanceSettings } from "../../../sidecar/balance/settings.ts";
import type { BreakerSettings } from "../../../sidecar/breaker/settings.ts";
import { seeded } from "../../support/random.ts";
import { aBalancer, rows } from "./scene.ts";
import { type Result, simulate, type Worker } from "./simulation.ts";

type Policy = BalanceSettings["policy"];

const GOOD: Worker = { atOnce: 8, meanMs: 10, failing: 0 };
const PICKING: readonly Policy[] = ["peak-ewma", "least-loaded", "round-robin", "random"];
const NO_BREAKER = { consecutiveFailures: 0 };

/** Five instances, of which `a` may be another; three callers send 600 calls a second. */
const run = (policy: Policy, a: Worker, breaker: Partial<BreakerSettings> = {}, others = GOOD): Result => {
  const balancers = [1, 2, 3].map((seed) => {
    const balancer = aBalancer({ balance: { policy }, breaker, parts: { random: seeded(seed) } });
    balancer.update(rows(5), 0);
    return balancer;
  });
  const workers = { a, b: others, c: others, d: others, e: others };
  return simulate(balancers, workers, { perSecond: 600, ms: 20_000, after: 2000 });
};

const evenly = ({ shares }: Result, least: number, most: number) => {
  for (const [name, share] of Object.entries(shares))
    assert.ok(share > least && share < most, `${name} gets ${share}`);
};

for (const policy of PICKING) {
  test(`${policy}: equal instances get equal shares`, () => {
    evenly(run(policy, GOOD), 0.17, 0.24);
  });

  test(`${policy}: an app whose every instance fails now and then is used evenly, and nobody is left out`, () => {
    const now = { ...GOOD, failing: 0.02 };
    evenly(run(policy, now, {}, now), 0.14, 0.27);
  });

  test(`${policy}: one of five that fails fast gets next to nothing`, () => {
    const { shares, good } = run(policy, { atOnce: 8, meanMs: 1, failing: 1 });
    assert.ok(shares.a! < 0.004, `it gets ${shares.a}`);
    assert.ok(good > 0.996);
    // The others share what is left.
    for (const name of ["b", "c", "d", "e"]) assert.ok(shares[name]! > 0.2);
  });

  test(`${policy}: one of five that fails half of its calls is found by its success rate`, () => {
    const successRate = { below: 0.8, intervalMs: 10_000, minCalls: 5 };
    const half = { ...GOOD, failing: 0.5 };
    const { shares, good } = run(policy, half, { successRate });
    assert.ok(shares.a! < 0.02, `it gets ${shares.a}`);
    assert.ok(good > 0.99);
  });
}

const SLOW: Worker = { ...GOOD, meanMs: 100 };

test("one of five that is ten times slower ruins the times of round-robin, and not ours", () => {
  const [ewma, loaded, round, group] = (
    ["peak-ewma", "least-loaded", "round-robin", "queue-group"] as const
  ).map((policy) => run(policy, SLOW));
  assert.ok(ewma!.shares.a! < 0.01, `peak EWMA gives it ${ewma!.shares.a}`);
  assert.ok(ewma!.p99 < 35, `p99 is ${ewma!.p99}`);
  assert.ok(loaded!.shares.a! < 0.1, `least-loaded gives it ${loaded!.shares.a}`);
  assert.ok(loaded!.p99 < 250);
  for (const other of [round!, group!]) {
    assert.ok(other.shares.a! > 0.18);
    assert.ok(other.p99 > 10 * ewma!.p99);
  }
});

test("without a breaker fast failures attract calls to the least loaded, and not to peak EWMA", () => {
  const failing = { atOnce: 8, meanMs: 1, failing: 1 };
  assert.ok(run("least-loaded", failing, NO_BREAKER).shares.a! > 0.2);
  assert.ok(run("round-robin", failing, NO_BREAKER).shares.a! > 0.19);
  assert.ok(run("peak-ewma", failing, NO_BREAKER).shares.a! < 0.01);
});

test("when three of five fail all are used, and peak EWMA still finds those that work", () => {
  const bad = { atOnce: 8, meanMs: 1, failing: 1 };
  const panicking = (policy: Policy) => {
    const balancer = aBalancer({ balance: { policy } });
    balancer.update(rows(5), 0);
    const workers = { a: bad, b: bad, c: bad, d: GOOD, e: GOOD };
    return simulate([balancer], workers, { perSecond: 600, ms: 20_000, after: 2000 });
  };
  const random = panicking("random");
  evenly(random, 0.17, 0.24);
  assert.ok(panicking("peak-ewma").good > 0.65);
});
