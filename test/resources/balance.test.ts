import assert from "node:assert/strict";
import { test } from "node:test";
import { BALANCE, balanceSettings } from "../../sidecar/balance/settings.ts";
import { type BalancePolicy, balance } from "../../src/resources/balance.ts";
import { findingsOf } from "../../src/resources/issue-findings.ts";

const read = (value: unknown) => {
  const parsed = balance.safeParse(value, { reportInput: true });
  const findings = parsed.success ? [] : findingsOf(balance, parsed.error.issues, {});
  return { policy: parsed.data, told: findings.map(({ code, path }) => `${code} ${path}`.trim()), findings };
};

test("what is not written has the defaults that a sidecar without a policy has", () => {
  const { policy } = read({});
  assert.deepEqual(policy, { policy: "peak-ewma", zone: "prefer", slowStart: "10s" });
  assert.deepEqual(balanceSettings(policy as BalancePolicy), BALANCE);
  assert.equal(balanceSettings(undefined), BALANCE);
});

test("a policy becomes what a sidecar runs", () => {
  const { policy } = read({ policy: "round-robin", zone: "ignore", slowStart: "1m" });
  assert.deepEqual(balanceSettings(policy as BalancePolicy), {
    ...{ policy: "round-robin", prefersZone: false, slowStartMs: 60_000 },
  });
  const hash = read({ policy: "consistent-hash", hash: { header: "x-user" } }).policy as BalancePolicy;
  assert.equal(balanceSettings(hash).prefersZone, false);
});

test("only what makes sense is taken, and all that does not is told at once", () => {
  for (const [value, ...told] of [
    [{ policy: "consistent-hash", hash: { cookie: "session" } }],
    [{ policy: "consistent-hash", hash: { ip: true } }],
    [{ slowStart: "0s" }],
    [{ policy: "consistent-hash" }, "invalid-value"],
    [{ hash: { ip: true } }, "invalid-value hash"],
    [{ policy: "consistent-hash", hash: {} }, "invalid-value hash"],
    [{ policy: "consistent-hash", hash: { ip: true, header: "x" } }, "invalid-value hash"],
    [{ policy: "consistent-hash", hash: { ip: false } }, "invalid-value hash.ip"],
    [
      { policy: "consistent-hash", hash: { caller: true } },
      "unknown-field hash.caller",
      "invalid-value hash",
    ],
    [
      { policy: "ewma", zone: "x", slowStart: 10, slowstart: "1s" },
      ...["invalid-value policy", "invalid-value zone", "invalid-value slowStart", "unknown-field slowstart"],
    ],
  ] as const)
    assert.deepEqual(read(value).told.sort(), [...told].sort(), JSON.stringify(value));
  const [finding] = read({ policy: "ewma" }).findings;
  assert.match(finding!.cure, /peak-ewma, least-loaded/);
});
