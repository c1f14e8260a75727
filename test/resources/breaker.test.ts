import assert from "node:assert/strict";
import { test } from "node:test";
import { BREAKER, breakerSettings } from "../../sidecar/breaker/settings.ts";
import { type BreakerPolicy, breaker } from "../../src/resources/breaker.ts";
import { findingsOf } from "../../src/resources/issue-findings.ts";

const read = (value: unknown) => {
  const parsed = breaker.safeParse(value, { reportInput: true });
  const findings = parsed.success ? [] : findingsOf(breaker, parsed.error.issues, {});
  return { policy: parsed.data, told: findings.map(({ code, path }) => `${code} ${path}`.trim()) };
};

test("what is not written has the defaults that a sidecar without a policy has", () => {
  assert.deepEqual(breakerSettings(read({}).policy as BreakerPolicy), BREAKER);
  assert.equal(breakerSettings(undefined), BREAKER);
});

test("a policy becomes what a sidecar runs", () => {
  const written = {
    consecutiveFailures: 0,
    successRate: {},
    service: {},
    minPenalty: "250ms",
    maxPenalty: "1h",
    maxEjectedPercent: 12.5,
  };
  assert.deepEqual(breakerSettings(read(written).policy as BreakerPolicy), {
    consecutiveFailures: 0,
    successRate: { below: 0.8, intervalMs: 10_000, minCalls: 5 },
    minPenaltyMs: 250,
    maxPenaltyMs: 3_600_000,
    maxEjectedPercent: 12.5,
    serviceFailures: 20,
  });
});

test("only what makes sense is taken, and all that does not is told at once", () => {
  for (const [value, ...told] of [
    [{ minPenalty: "1s", maxPenalty: "1s" }],
    [{ minPenalty: "2m" }, "invalid-value minPenalty"],
    [{ minPenalty: "0s" }, "invalid-value minPenalty"],
    [{ maxPenalty: "2h" }, "invalid-value maxPenalty"],
    [{ successRate: { below: 0 } }, "invalid-value successRate.below"],
    [
      { successRate: { below: 1.1, interval: "11m" } },
      ...["below", "interval"].map((f) => `invalid-value successRate.${f}`),
    ],
    [
      { successRate: { minCalls: 0 }, service: { consecutiveFailures: 0 } },
      "invalid-value service.consecutiveFailures",
      "invalid-value successRate.minCalls",
    ],
    [
      { consecutiveFailures: 1.5, maxEjectedPercent: 101 },
      "invalid-value consecutiveFailures",
      "invalid-value maxEjectedPercent",
    ],
    [{ consecutiveErrors: 5 }, "unknown-field consecutiveErrors"],
  ] as const)
    assert.deepEqual(read(value).told.sort(), [...told].sort(), JSON.stringify(value));
});
