import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsOf } from "../../src/resources/issue-findings.ts";
import { rateLimit } from "../../src/resources/rate-limit.ts";

const read = (value: unknown): unknown => {
  const parsed = rateLimit.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  return findingsOf(rateLimit, parsed.error.issues, { document: 0 }).map(
    ({ code, path }) => `${code} ${path}`,
  );
};

test("a rate limit is local, global or both", () => {
  for (const value of [
    { local: { requests: 100, interval: "1s" } },
    { global: { requests: 1, interval: "24h", burst: 5 } },
    { local: { requests: 10, interval: "1ms", perCaller: true }, global: { requests: 1, interval: "1m" } },
  ])
    assert.deepEqual(read(value), value);
});

for (const [value, told] of [
  [{}, "invalid-value "],
  [{ local: { requests: 0, interval: "1s" } }, "invalid-value local.requests"],
  [{ local: { requests: 1 } }, "invalid-value local.interval"],
  [{ local: { requests: 1, interval: "0s" } }, "invalid-value local.interval"],
  [{ local: { requests: 1, interval: "25h" } }, "invalid-value local.interval"],
  [{ local: { requests: 1, interval: "1s", burst: 0 } }, "invalid-value local.burst"],
  [{ local: { requests: 1, interval: "1s", perCaller: false } }, "invalid-value local.perCaller"],
  [{ global: { requests: 1, interval: "1s", perCaller: true } }, "unknown-field global.perCaller"],
] as const)
  test(`${JSON.stringify(value)} is refused at ${told}`, () => {
    assert.deepEqual(read(value), [told]);
  });
