import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsOf } from "../../src/resources/issue-findings.ts";
import { limits } from "../../src/resources/limits.ts";

/** The value with its defaults, or what is wrong as `code path`. */
const read = (value: unknown): unknown => {
  const parsed = limits.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  return findingsOf(limits, parsed.error.issues, { document: 0 }).map(({ code, path }) => `${code} ${path}`);
};

test("limits are read with their defaults", () => {
  assert.deepEqual(read({ maxConcurrency: 10 }), { maxConcurrency: 10 });
  assert.deepEqual(read({ maxPending: 64 }), { maxPending: 64 });
  assert.deepEqual(read({ maxConcurrency: 10, queue: {}, priority: {} }), {
    maxConcurrency: 10,
    queue: { wait: "100ms" },
    priority: { header: "priority" },
  });
  assert.deepEqual(read({ adaptive: { max: 200 }, priority: { header: "x-urgency", shedBelow: 4 } }), {
    adaptive: { min: 3, max: 200 },
    priority: { header: "x-urgency", shedBelow: 4 },
  });
});

for (const [value, ...told] of [
  [{ maxConcurrency: 0 }, "invalid-value maxConcurrency"],
  [{ maxConcurrency: 1.5 }, "invalid-value maxConcurrency"],
  [{ maxConcurrency: "10" }, "invalid-value maxConcurrency"],
  [{ maxConcurrency: 100_001 }, "invalid-value maxConcurrency"],
  [{ maxPending: 0 }, "invalid-value maxPending"],
  [{ maxConcurency: 10 }, "unknown-field maxConcurency"],
  [{ maxConcurrency: 4, queue: { calls: -1 } }, "invalid-value queue.calls"],
  [{ maxConcurrency: 4, queue: { wait: "11s" } }, "invalid-value queue.wait"],
  [{ maxConcurrency: 4, queue: { wait: "soon" } }, "invalid-value queue.wait"],
  [{ adaptive: { min: 10, max: 4 } }, "invalid-value adaptive.min"],
  [{ adaptive: {} }, "invalid-value adaptive.max"],
  [{ maxConcurrency: 4, adaptive: { max: 9 } }, "invalid-value maxConcurrency"],
  [{ maxConcurrency: 4, priority: { shedBelow: 8 } }, "invalid-value priority.shedBelow"],
  [{ maxConcurrency: 4, priority: { header: "a b" } }, "invalid-value priority.header"],
  [{ queue: {}, priority: {} }, "invalid-value queue", "invalid-value priority"],
] as const)
  test(`${JSON.stringify(value)} is refused at ${told.join(" and ")}`, () => {
    assert.deepEqual(read(value), told);
  });
