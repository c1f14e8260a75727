import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsOf } from "../../src/resources/issue-findings.ts";
import { retry, retryBudget, routeRetry } from "../../src/resources/retry.ts";

type Schema = typeof retry | typeof retryBudget | typeof routeRetry;

/** What is said of a value, as `code path`. */
const told = (schema: Schema, value: unknown): string[] => {
  const parsed = schema.safeParse(value, { reportInput: true });
  return findingsOf(schema, parsed.error?.issues ?? [], {}).map(({ code, path }) => `${code} ${path}`.trim());
};

test("defaults are those of the page", () => {
  const ours = { attempts: 2, backoff: "25ms", maxRetryAfter: "300s" };
  assert.deepEqual(retry.parse({}), ours);
  assert.deepEqual(retryBudget.parse({}), { percent: 20, interval: "10s", minRetryRate: 10 });
  assert.deepEqual(routeRetry.parse({}), {}, "the standard leaves them to the implementation");
});

test("everything that can be written is read as it stands", () => {
  const ours = {
    attempts: 0,
    codes: [400, 599],
    backoff: "1s",
    maxBackoff: "1s",
    maxRetryAfter: "0s",
  };
  assert.deepEqual(retry.parse(ours), ours);
  const budget = { percent: 0.5, interval: "1h", minRetryRate: 0 };
  assert.deepEqual(retryBudget.parse(budget), budget);
  const standard = { codes: [500, 502, 503, 504], attempts: 3, backoff: "100ms" };
  assert.deepEqual(routeRetry.parse(standard), standard);
});

test("attempts, codes and durations have bounds", () => {
  for (const schema of [retry, routeRetry]) {
    assert.deepEqual(told(schema, { codes: [399, 600, 500.5, "503"] }), [
      ...[
        "invalid-value codes[0]",
        "invalid-value codes[1]",
        "invalid-value codes[2]",
        "invalid-value codes[3]",
      ],
    ]);
    assert.deepEqual(told(schema, { codes: [503, 502, 503] }), ["invalid-value codes[2]"]);
    assert.deepEqual(told(schema, { backoff: "25" }), ["invalid-value backoff"]);
    assert.deepEqual(told(schema, { attempts: 1.5 }), ["invalid-value attempts"]);
    assert.deepEqual(told(schema, { attempt: 1 }), ["unknown-field attempt"]);
  }
  assert.deepEqual(told(retry, { attempts: 11 }), ["invalid-value attempts"]);
  assert.deepEqual(told(routeRetry, { attempts: 0 }), ["invalid-value attempts"]);
  for (const interval of ["999ms", "1h1ms", "0s"])
    assert.deepEqual(told(retryBudget, { interval }), ["invalid-value interval"]);
  assert.deepEqual(told(retryBudget, { percent: 101, minRetryRate: -1 }), [
    ...["invalid-value percent", "invalid-value minRetryRate"],
  ]);
});

test("a longest back-off that is shorter than the first is refused, also when the first is the default", () => {
  assert.deepEqual(told(retry, { backoff: "1s", maxBackoff: "999ms" }), ["invalid-value maxBackoff"]);
  assert.deepEqual(told(retry, { maxBackoff: "20ms" }), ["invalid-value maxBackoff"]);
});
