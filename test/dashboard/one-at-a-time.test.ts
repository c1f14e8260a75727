import assert from "node:assert/strict";
import { test } from "node:test";
import { oneAtATime } from "../../src/dashboard/pages/data/one-at-a-time.ts";
import { until } from "../support/until.ts";

test("what is under way comes to its end, and is done once more for all who asked meanwhile", async () => {
  const ends: (() => void)[] = [];
  const ask = oneAtATime(() => new Promise((resolve) => ends.push(resolve)));
  for (let i = 0; i < 5; i++) ask();
  assert.equal(ends.length, 1);
  ends[0]!();
  await until(() => ends.length === 2);
  ends[1]!();
  await new Promise(setImmediate);
  assert.equal(ends.length, 2);
  ask();
  assert.equal(ends.length, 3);
});
