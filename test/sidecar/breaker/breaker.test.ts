import assert from "node:assert/strict";
import { test } from "node:test";
import { anyOf } from "../../../sidecar/breaker/breaker.ts";
import { ConsecutiveFailures } from "../../../sidecar/breaker/consecutive.ts";
import { BREAKER, instanceBreaker } from "../../../sidecar/breaker/settings.ts";
import { SuccessRate } from "../../../sidecar/breaker/success-rate.ts";
import { Window } from "../../../sidecar/breaker/window.ts";
import { breakerContract } from "../../contract/breaker.ts";
import { seeded } from "../../support/random.ts";

const RATE = { below: 0.8, intervalMs: 10_000, minCalls: 5 };

breakerContract("consecutive", () => new ConsecutiveFailures(7), 7);
breakerContract("consecutive of two", () => new ConsecutiveFailures(2), 2);
breakerContract("success rate", () => new SuccessRate(RATE), 5);
breakerContract("both", () => anyOf([new ConsecutiveFailures(7), new SuccessRate(RATE)]), 5);

test("one success begins the row of failures anew", () => {
  const breaker = new ConsecutiveFailures(7);
  for (let i = 0; i < 100; i++) {
    if (i % 6 === 5) breaker.succeeded();
    else assert.equal(breaker.failed(0, false), undefined);
  }
});

test("three calls that were outrun count as one failure, and one success begins their row anew", () => {
  const breaker = new ConsecutiveFailures(7);
  for (let i = 0; i < 20; i++) assert.equal(breaker.outrun(0, false), undefined);
  breaker.succeeded();
  for (let i = 0; i < 20; i++) assert.equal(breaker.outrun(0, false), undefined);
  assert.equal(breaker.outrun(0, false), "consecutive-failures");
  const mixed = new ConsecutiveFailures(7);
  for (let i = 0; i < 6; i++) assert.equal(mixed.failed(0, false), undefined);
  for (let i = 0; i < 2; i++) assert.equal(mixed.outrun(0, false), undefined);
  assert.equal(mixed.outrun(0, false), "consecutive-failures");
});

test("two alike that a hedge sets against each other at each call are not ejected for it", () => {
  const random = seeded(4);
  const breaker = new ConsecutiveFailures(7);
  // One in three of what is told of each: it wins as the first, loses as the first, wins as the second.
  for (let i = 0; i < 100_000; i++)
    if (random() < 1 / 3) assert.equal(breaker.outrun(0, false), undefined);
    else breaker.succeeded();
});

test("to be outrun is no failure to a success rate", () => {
  const breaker = new SuccessRate(RATE);
  for (let i = 0; i < 100; i++) assert.equal(breaker.outrun(), undefined);
  for (let i = 0; i < 4; i++) assert.equal(breaker.failed(0, false), undefined);
  const both = anyOf([new SuccessRate(RATE), new ConsecutiveFailures(1)]);
  assert.equal([0, 1, 2].map(() => both.outrun(0, false)).at(-1), "consecutive-failures");
});

test("a success rate is met exactly at its limit, and missed below it", () => {
  const breaker = new SuccessRate(RATE);
  for (let i = 0; i < 8; i++) breaker.succeeded(0);
  assert.equal(breaker.failed(0, false), undefined);
  assert.equal(breaker.failed(0, false), undefined, "8 of 10");
  assert.equal(breaker.failed(0, false), "success-rate", "8 of 11");
});

test("failures that are older than the interval are forgotten, also when nothing happens", () => {
  const breaker = new SuccessRate(RATE);
  for (let i = 0; i < 4; i++) breaker.failed(i, false);
  assert.equal(breaker.failed(3_600_000, false), undefined);
  for (let i = 0; i < 3; i++) assert.equal(breaker.failed(3_600_000, false), undefined);
  assert.equal(breaker.failed(3_600_000, false), "success-rate");
});

test("a window counts what came in its time, to a tenth of it", () => {
  const random = seeded(3);
  const window = new Window(1000);
  const calls: { at: number; failed: boolean }[] = [];
  let now = 0;
  for (let i = 0; i < 5000; i++) {
    now += random() < 0.01 ? random() * 3000 : random() * 20;
    const failed = random() < 0.3;
    calls.push({ at: now, failed });
    if (failed) window.failed(now);
    else window.succeeded(now);
    const inLast = (ms: number) => calls.filter(({ at }) => at > now - ms);
    const count = window.successes + window.failures;
    assert.ok(count >= inLast(900).length && count <= inLast(1000).length, `call ${i}`);
    assert.ok(window.failures <= inLast(1000).filter((one) => one.failed).length);
  }
});

test("a breaker is made of what is configured, and of nothing there is none", () => {
  assert.ok(instanceBreaker(BREAKER) instanceof ConsecutiveFailures);
  assert.ok(
    instanceBreaker({ ...BREAKER, consecutiveFailures: 0, successRate: RATE }) instanceof SuccessRate,
  );
  assert.equal(instanceBreaker({ ...BREAKER, consecutiveFailures: 0 }), undefined);
  assert.equal(instanceBreaker({ ...BREAKER, maxEjectedPercent: 0 }), undefined);
  const both = instanceBreaker({ ...BREAKER, consecutiveFailures: 2, successRate: RATE })!;
  both.failed(0, false);
  assert.equal(both.failed(0, false), "consecutive-failures");
});
