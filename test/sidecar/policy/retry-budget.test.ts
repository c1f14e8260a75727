import assert from "node:assert/strict";
import { test } from "node:test";
import { RETRY_BUDGET, RetryBudget } from "../../../sidecar/policy/retry-budget.ts";
import { seeded } from "../../support/random.ts";

const takeAll = (budget: RetryBudget, now: number): number => {
  let taken = 0;
  while (budget.take(now)) taken++;
  return taken;
};

const NO_FLOOR = { ...RETRY_BUDGET, minPerSecond: 0 };

test("a service that is hardly called has the floor, which fills by the clock and is never saved up", () => {
  const budget = new RetryBudget(RETRY_BUDGET);
  assert.equal(takeAll(budget, 0), 10);
  assert.equal(takeAll(budget, 99), 0);
  assert.equal(takeAll(budget, 100), 1);
  assert.equal(takeAll(budget, 600), 5);
  assert.equal(takeAll(budget, 3_600_000), 10);
});

test("calls bring a share of themselves, for as long as the interval", () => {
  const budget = new RetryBudget(NO_FLOOR);
  for (let i = 0; i < 100; i++) budget.called(0);
  assert.equal(takeAll(budget, 8999), 20);
  for (let i = 0; i < 104; i++) budget.called(20_000);
  assert.equal(takeAll(budget, 20_000), 20);
  for (let i = 0; i < 100; i++) budget.called(40_000);
  assert.equal(takeAll(budget, 50_000), 0, "what was not used in its interval is gone");
});

test("what was taken counts for as long as the interval, too: no burst of calls is used twice", () => {
  const budget = new RetryBudget(NO_FLOOR);
  for (let i = 0; i < 100; i++) budget.called(0);
  assert.equal(takeAll(budget, 8500), 20);
  for (let i = 0; i < 50; i++) budget.called(10_500);
  assert.equal(takeAll(budget, 10_500), 0, "the 20 of 2 s ago are more than a fifth of these 50");
  assert.equal(takeAll(budget, 18_500), 10);
});

test("calls that are refused before others leave the last half to the urgent ones, of the floor and of the share", () => {
  const lesser = (budget: RetryBudget, now: number): number => {
    let taken = 0;
    while (budget.take(now, true)) taken++;
    return taken;
  };
  const floor = new RetryBudget(RETRY_BUDGET);
  assert.deepEqual([lesser(floor, 0), takeAll(floor, 0)], [5, 5]);
  assert.deepEqual([lesser(floor, 500), takeAll(floor, 500)], [0, 5], "it fills for those first");
  const share = new RetryBudget(NO_FLOOR);
  for (let i = 0; i < 100; i++) share.called(0);
  assert.deepEqual([lesser(share, 0), takeAll(share, 0)], [10, 10]);
  for (let i = 0; i < 100; i++) share.called(9500);
  assert.deepEqual([lesser(share, 9500), takeAll(share, 9500)], [0, 20], "what was taken counts on");
  for (let i = 0; i < 100; i++) share.called(25_000);
  assert.deepEqual([lesser(share, 25_000), takeAll(share, 25_000)], [10, 10]);
});

test("a share may be less than one per cent, or nothing", () => {
  const budget = new RetryBudget({ ...NO_FLOOR, percent: 0.5 });
  for (let i = 0; i < 399; i++) budget.called(0);
  assert.equal(takeAll(budget, 0), 1);
  budget.called(0);
  assert.equal(takeAll(budget, 0), 1);
  const none = new RetryBudget({ ...NO_FLOOR, percent: 0 });
  none.called(0);
  assert.equal(none.take(1e9), false);
});

test("it counts what it saw, and says what is left", () => {
  const budget = new RetryBudget(RETRY_BUDGET);
  for (let i = 0; i < 10; i++) budget.called(0);
  assert.deepEqual(budget.read(0), { calls: 10, taken: 0, refused: 0, left: 12 });
  for (let i = 0; i < 15; i++) budget.take(0);
  assert.deepEqual(budget.read(0), { calls: 10, taken: 12, refused: 3, left: 0 });
  assert.equal(budget.read(200).left, 2);
});

test("a call that began before what was seen last changes nothing but the count", () => {
  const budget = new RetryBudget(NO_FLOOR);
  budget.called(5000);
  for (let i = 0; i < 4; i++) budget.called(100);
  assert.equal(takeAll(budget, 5000), 1);
  assert.equal(budget.take(100), false);
});

test("for any traffic, in any time, what is taken is within the share and the floor", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed);
    const options = {
      percent: random() < 0.3 ? 20 : random() * 100,
      intervalMs: 1000 + random() * 20_000,
      minPerSecond: random() < 0.3 ? 0 : Math.floor(random() * 50),
    };
    const budget = new RetryBudget(options);
    let now = random() * 1e6;
    const start = now;
    let calls = 0;
    let taken = 0;
    /** When each was taken, and what had been called and taken by then. */
    const log: { now: number; calls: number; taken: number }[] = [];
    for (let i = 0; i < 3000; i++) {
      // Bursts, steady traffic, and silence that is shorter or longer than the interval.
      now += random() < 0.02 ? random() * 3 * options.intervalMs : random() < 0.5 ? 0 : random() * 40;
      for (let n = Math.floor(random() * 8); n > 0; n--) {
        budget.called(now);
        calls++;
      }
      for (let n = Math.floor(random() * 5); n > 0; n--) if (budget.take(now, n % 2 === 0)) taken++;
      log.push({ now, calls, taken });
      const most = (options.percent / 100) * calls + (options.minPerSecond * (now - start + 1000)) / 1000;
      assert.ok(taken <= most + 1e-6, `seed ${seed}: ${taken} > ${most}`);
      // The same within the last interval, where calls of the interval before may still have counted.
      const from = log.findLast((one) => one.now < now - options.intervalMs);
      const callsBefore = log.findLast((one) => one.now < now - 2 * options.intervalMs)?.calls ?? 0;
      const mostHere =
        (options.percent / 100) * (calls - callsBefore) +
        (options.minPerSecond * (options.intervalMs + 1000)) / 1000;
      assert.ok(taken - (from?.taken ?? 0) <= mostHere + 1e-6, `seed ${seed} within an interval`);
    }
  }
});

test("nothing is held back that the share allows: a failing tenth of steady calls is tried again in full", () => {
  const budget = new RetryBudget(NO_FLOOR);
  for (let i = 0; i < 100; i++) budget.called(i * 10);
  for (let i = 0; i < 20_000; i++) {
    budget.called(1000 + i * 10);
    if (i % 10 === 0) assert.equal(budget.take(1000 + i * 10), true, `call ${i}`);
  }
});
