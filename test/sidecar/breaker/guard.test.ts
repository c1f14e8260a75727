import assert from "node:assert/strict";
import { test } from "node:test";
import type { EjectionReason } from "../../../sidecar/breaker/breaker.ts";
import { ConsecutiveFailures } from "../../../sidecar/breaker/consecutive.ts";
import { Guard, PROBE_MS } from "../../../sidecar/breaker/guard.ts";
import { HINT_MS } from "../../../sidecar/breaker/hints.ts";
import type { Verdict } from "../../../sidecar/breaker/verdict.ts";

const scene = (random = () => 0) => {
  const told: [EjectionReason, number][] = [];
  let changes = 0;
  const guard = new Guard({
    breaker: new ConsecutiveFailures(7),
    minPenaltyMs: 1000,
    maxPenaltyMs: 60_000,
    random,
    changed: () => {
      changes++;
    },
    ejected: (reason, forMs) => told.push([reason, forMs]),
  });
  const call = (verdict: Verdict, now: number) => {
    const isProbe = guard.began(now);
    guard.ended(verdict, now, isProbe);
    return isProbe;
  };
  const fail = (times: number, now: number) => {
    for (let i = 0; i < times; i++) call("failure", now);
  };
  return { guard, told, call, fail, changes: () => changes };
};

test("seven failures in a row eject for a second, and then one call is the probe", () => {
  const { guard, call, fail, told, changes } = scene();
  fail(6, 0);
  assert.equal(guard.state, "admitting");
  fail(1, 0);
  assert.deepEqual([guard.state, told], ["ejected", [["consecutive-failures", 1000]]]);
  assert.ok(!guard.admits(999));
  assert.ok(guard.admits(1000));
  assert.ok(guard.began(1000), "the first is the probe");
  assert.equal(guard.state, "probing");
  assert.ok(!guard.admits(1001), "others keep away meanwhile");
  assert.ok(!guard.began(1001), "and one that goes there in need is none");
  guard.ended("success", 1100, true);
  assert.equal(guard.state, "admitting");
  assert.equal(changes(), 3);
  fail(6, 1100);
  assert.equal(guard.state, "admitting", "the row begins anew");
  assert.equal(call("success", 1100), false);
});

test("the penalty doubles from probe to probe, up to a minute", () => {
  const { guard, call, fail, told } = scene();
  fail(7, 0);
  for (let i = 0; i < 8; i++) assert.ok(call("failure", guard.until));
  assert.deepEqual(
    told.map(([, ms]) => ms),
    [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000],
  );
  assert.equal(told.at(-1)![0], "probe-failed");
  assert.equal(guard.ejections, 9);
});

test("one that is outrun each time is ejected, its probe too; one that is now and then stays as quiet as it was", () => {
  const { guard, call, fail, told } = scene();
  for (let i = 0; i < 21; i++) call("outrun", 0);
  assert.ok(call("outrun", guard.until), "the probe");
  assert.deepEqual(told, [
    ["consecutive-failures", 1000],
    ["probe-failed", 2000],
  ]);
  const back = guard.until;
  call("success", back);
  for (let now = back; now < back + 5000; now += 100) call(now % 300 === 0 ? "outrun" : "success", now);
  fail(7, back + 5000);
  assert.deepEqual(told.at(-1), ["consecutive-failures", 1000], "it does not double any more");
});

test("a penalty is up to half longer by chance, and never above the longest", () => {
  const { guard, call, fail, told } = scene(() => 0.5);
  fail(7, 0);
  for (let i = 0; i < 6; i++) call("failure", guard.until);
  assert.deepEqual(
    told.map(([, ms]) => ms),
    [1250, 2500, 5000, 10_000, 20_000, 40_000, 60_000],
  );
});

test("who fails again soon after a probe is out for twice as long", () => {
  const { guard, call, fail, told } = scene();
  fail(7, 0);
  call("success", 1000);
  for (let i = 0; i < 7; i++) fail(1, 1500 + i * 900);
  assert.equal(told.at(-1)![1], 2000, "there was never a second without a failure");
  const { until } = guard;
  call("success", until);
  fail(7, until + 2000);
  assert.equal(told.at(-1)![1], 1000, "there was a quiet time as long as the penalty");
});

test("calls that began before the ejection decide nothing after it", () => {
  const { guard, call, fail } = scene();
  fail(7, 0);
  guard.ended("success", 10, false);
  assert.equal(guard.state, "ejected");
  guard.began(1000);
  guard.ended("failure", 1001, false);
  guard.ended("success", 1001, false);
  assert.equal(guard.state, "probing");
  guard.ended("failure", 1002, true);
  guard.ended("success", 1003, true);
  assert.equal(guard.state, "ejected", "the second probe's word came too late");
  assert.ok(call("success", guard.until));
});

test("a probe that says nothing makes room for the next one", () => {
  const { guard, call, fail, told } = scene();
  fail(7, 0);
  assert.ok(call("none", 1000));
  assert.equal(guard.state, "ejected");
  assert.ok(call("success", 1000), "at once");
  assert.equal(guard.state, "admitting");
  assert.equal(told.length, 1);
});

test("a probe that never ends is given up, and another call is the probe", () => {
  const { guard, fail } = scene();
  fail(7, 0);
  assert.ok(guard.began(1000));
  assert.ok(!guard.admits(999 + PROBE_MS));
  assert.ok(guard.began(1000 + PROBE_MS));
});

test("what says nothing, and what succeeds, ejects nobody", () => {
  const { guard, call } = scene();
  for (let i = 0; i < 1000; i++) call(i % 7 === 6 ? "success" : i % 2 === 0 ? "none" : "failure", i);
  assert.equal(guard.state, "admitting");
});

test("two callers that hint lower the threshold for a while", () => {
  const { guard, fail } = scene();
  guard.hints.hear("web", 0);
  guard.hints.hear("billing", HINT_MS);
  fail(2, HINT_MS);
  assert.equal(guard.state, "admitting");
  fail(1, HINT_MS);
  assert.equal(guard.state, "ejected");
  const late = scene();
  late.guard.hints.hear("web", 0);
  late.guard.hints.hear("billing", 0);
  late.fail(6, HINT_MS);
  assert.equal(late.guard.state, "admitting", "the hints have become old");
});

test("one liar changes nothing, however often it hints", () => {
  const { guard, fail, call } = scene();
  for (let now = 0; now < 1000; now++) guard.hints.hear("liar", now);
  fail(6, 1000);
  assert.equal(guard.state, "admitting");
  call("success", 1000);
  guard.hints.hear("liar", 20_000);
  guard.hints.hear("web", 20_000 + HINT_MS + 1);
  fail(6, 20_000 + HINT_MS + 1);
  assert.equal(guard.state, "admitting", "hints far apart are no two witnesses");
});

test("many liars eject nobody who answers", () => {
  const { guard, call } = scene();
  for (let now = 0; now < 10_000; now += 10) {
    guard.hints.hear(`liar-${now % 30}`, now);
    call(now % 50 === 0 ? "failure" : "success", now);
  }
  assert.deepEqual([guard.state, guard.ejections], ["admitting", 0]);
});
