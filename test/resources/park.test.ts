import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsOf } from "../../src/resources/issue-findings.ts";
import { park } from "../../src/resources/park.ts";

const read = (value: unknown): unknown => {
  const parsed = park.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  return findingsOf(park, parsed.error.issues, { document: 0 }).map(({ code, path }) => `${code} ${path}`);
};

test("parking has its defaults, and can be switched off", () => {
  assert.deepEqual(read({}), { maxWait: "5s", maxCalls: 100 });
  assert.deepEqual(read({ maxWait: "0s" }), { maxWait: "0s", maxCalls: 100 });
  assert.deepEqual(read({ maxWait: "10m", maxCalls: 10_000 }), { maxWait: "10m", maxCalls: 10_000 });
});

for (const [value, told] of [
  [{ maxWait: "11m" }, "invalid-value maxWait"],
  [{ maxWait: 5 }, "invalid-value maxWait"],
  [{ maxCalls: 0 }, "invalid-value maxCalls"],
  [{ maxCalls: 10_001 }, "invalid-value maxCalls"],
  [{ maxcalls: 1 }, "unknown-field maxcalls"],
] as const)
  test(`${JSON.stringify(value)} is refused at ${told}`, () => {
    assert.deepEqual(read(value), [told]);
  });
