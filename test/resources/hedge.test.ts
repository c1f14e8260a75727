import assert from "node:assert/strict";
import { test } from "node:test";
import { hedge } from "../../src/resources/hedge.ts";
import { findingsOf } from "../../src/resources/issue-findings.ts";

/** What is said of a value, as `code path`. */
const told = (value: unknown): string[] => {
  const parsed = hedge.safeParse(value, { reportInput: true });
  return findingsOf(hedge, parsed.error?.issues ?? [], {}).map(({ code, path }) => `${code} ${path}`.trim());
};

test("a hedge is by delay, by percentile or by neither", () => {
  assert.deepEqual(hedge.parse({}), { attempts: 1 });
  assert.deepEqual(hedge.parse({ delay: "1ms", attempts: 3 }), { delay: "1ms", attempts: 3 });
  assert.deepEqual(hedge.parse({ percentile: 99.9 }), { percentile: 99.9, attempts: 1 });
  assert.deepEqual(told({ delay: "1s", percentile: 95 }), ["invalid-value percentile"]);
});

test("its fields have bounds", () => {
  assert.deepEqual(told({ delay: "0s" }), ["invalid-value delay"]);
  assert.deepEqual(told({ delay: "soon" }), ["invalid-value delay"]);
  for (const percentile of [49.9, 100, "95"])
    assert.deepEqual(told({ percentile }), ["invalid-value percentile"]);
  for (const attempts of [0, 4, 1.5]) assert.deepEqual(told({ attempts }), ["invalid-value attempts"]);
  assert.deepEqual(told({ percentil: 95 }), ["unknown-field percentil"]);
});
