import assert from "node:assert/strict";
import { test } from "node:test";
import { CountedCalls } from "../../../sidecar/inbound/counted-calls.ts";
import { seeded } from "../../support/random.ts";

/** Counts so many calls, half of which are let through. */
const count = (counted: CountedCalls, calls: number) => {
  for (let i = 0; i < calls; i++) counted.count(i % 2 === 0);
};

test("says nothing before it has counted for a second", () => {
  const counted = new CountedCalls(5000);
  count(counted, 10);
  assert.equal(counted.read(5500, 3000), undefined);
  count(counted, 10);
  assert.deepEqual(counted.read(6000, 3000), { offered: 20, admitted: 10 });
});

test("calls at random moments are averaged", () => {
  const counted = new CountedCalls(0);
  const random = seeded(2);
  for (let now = 1; now <= 60_000; now++) {
    if (random() < 0.02) counted.count(true);
    if (now % 1000 !== 0) continue;
    const { offered } = counted.read(now, 10_000)!;
    if (now > 10_000) assert.ok(Math.abs(offered - 20) < 6, `${offered} calls a second`);
  }
});

test("a change that is no chance counts at once, up or down", () => {
  const counted = new CountedCalls(0);
  for (let now = 1000; now <= 10_000; now += 1000) {
    count(counted, 20);
    counted.read(now, 3000);
  }
  count(counted, 200);
  assert.deepEqual(counted.read(11_000, 3000), { offered: 200, admitted: 100 });
  assert.deepEqual(counted.read(12_000, 3000), { offered: 0, admitted: 0 });
});

test("a few calls in no time are no change", () => {
  const counted = new CountedCalls(0);
  for (let now = 1000; now <= 10_000; now += 1000) {
    count(counted, 20);
    counted.read(now, 3000);
  }
  count(counted, 6);
  const { offered } = counted.read(10_000, 3000)!;
  assert.ok(offered > 20 && offered < 25, String(offered));
});
