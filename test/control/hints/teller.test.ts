import assert from "node:assert/strict";
import { test } from "node:test";
import { IDLE_AFTER_MS, Teller } from "../../../src/control/hints/teller.ts";

/** What becomes of hints about so many instances, all at one moment. */
function take(teller: Teller, count: number, now: number, stem = "orders.i") {
  const taken = { "pass-on": 0, known: 0, flood: 0 };
  for (let i = 0; i < count; i++) taken[teller.take(`${stem}${i}`, now)]++;
  return taken;
}

test("a hint is passed on, and again when half of its worth is gone", () => {
  const teller = new Teller(0);
  assert.equal(teller.take("orders.i1", 0), "pass-on");
  assert.equal(teller.take("orders.i1", 0), "known");
  assert.equal(teller.take("orders.i2", 4000), "pass-on");
  assert.equal(teller.take("orders.i1", 4999), "known");
  assert.equal(teller.take("orders.i1", 5000), "pass-on");
  assert.equal(teller.take("orders.i2", 5000), "known");
});

test("a caller may lose many instances at once, but not go on like that", () => {
  const teller = new Teller(0);
  assert.deepEqual(take(teller, 100, 0), { "pass-on": 32, known: 0, flood: 68 });
  assert.deepEqual(take(teller, 100, 1000, "billing.i"), { "pass-on": 2, known: 0, flood: 98 });
  assert.deepEqual(take(teller, 100, 1000 + IDLE_AFTER_MS), { "pass-on": 32, known: 0, flood: 68 });
});

test("one that hints everything all day gets two a second through, whatever it names", () => {
  const teller = new Teller(0);
  let passed = 0;
  for (let now = 0; now < 600_000; now += 10)
    if (teller.take(`orders.i${now % 4096}`, now) === "pass-on") passed++;
  assert.ok(passed <= 32 + 1200, String(passed));
});

test("the same hint from all instances of a caller is no flood, but thousands are", () => {
  const teller = new Teller(0);
  teller.take("orders.i1", 0);
  let known = 0;
  while (teller.take("orders.i1", 0) === "known") known++;
  assert.ok(known >= 3000 && known <= 3200, String(known));
});
