import assert from "node:assert/strict";
import { test } from "node:test";
import { failed } from "../../../sidecar/stack/outcome.ts";
import { eject, ends, known, namesOf, refusal, row, rows } from "./scene.ts";

test("who is full, leaving, down or not there is passed over for a moment, and is not held to have failed", () => {
  for (const [code, mark, leastMs, mostMs] of [
    ["overloaded", "full", 100, 200],
    ["draining", "leaving", 100, 200],
    ["app-unreachable", "down", 100, 200],
    ["no-instance", "absent", 1000, 2000],
  ] as const) {
    const balancer = known(rows(3));
    ends(balancer, "a", refusal(code), 20);
    assert.deepEqual(namesOf(balancer, leastMs - 1), ["b", "c"], code);
    assert.equal(balancer.endpoints(0)[0]?.mark, mark);
    assert.deepEqual(namesOf(balancer, mostMs), ["a", "b", "c"], code);
    const [view] = balancer.endpoints(mostMs);
    assert.deepEqual([view?.state, view?.mark, view?.latencyMs], ["admitting", undefined, 0]);
  }
});

test("who is above a rate of its own, or its share of a rate of all, is passed over until it has room", () => {
  const limited = { ...failed("rate-limited", "no", ""), retryAfterMs: 20 };
  const balancer = known(rows(2));
  ends(balancer, "a", limited);
  assert.deepEqual([namesOf(balancer, 19), namesOf(balancer, 40)], [["b"], ["a", "b"]]);
  ends(balancer, "a", { ...limited, retryAfterMs: 60_000 });
  assert.deepEqual(namesOf(balancer, 200), ["a", "b"]);
});

test("another instance is one that was not tried, and may get calls", () => {
  const balancer = known([...rows(3), row("z", { version: "2" })]);
  assert.equal(balancer.hasOther("1", ["a", "b"], 0), true);
  assert.equal(balancer.hasOther("1", ["a", "b", "c"], 0), false);
  assert.equal(balancer.hasOther(undefined, ["a", "b", "c"], 0), true);
  ends(balancer, "c", refusal("overloaded"));
  assert.equal(balancer.hasOther("1", ["a", "b"], 0), false, "it is full");
  eject(balancer, "b");
  assert.equal(balancer.hasOther("1", ["a"], 0), false, "it is ejected");
});

test("when all are full the broker chooses: it knows who has room", () => {
  const balancer = known(rows(2));
  ends(balancer, "a", refusal("overloaded"));
  ends(balancer, "b", refusal("overloaded"));
  assert.deepEqual(namesOf(balancer), ["broker"]);
});

test("one that came back is not held to be absent any more", () => {
  const balancer = known(rows(2));
  ends(balancer, "a", refusal("no-instance"));
  balancer.update([row("b")], 10);
  balancer.update(rows(2), 20);
  assert.deepEqual(namesOf(balancer, 20), ["a", "b"]);
});

test("who is up and takes no calls is full when that was its last word, or when it gave no reason", () => {
  const balancer = known([...rows(3), row("z", { version: "2" })], { breaker: { maxEjectedPercent: 100 } });
  const presence = (version?: string) => Object.values(balancer.presence(version, 0));
  assert.deepEqual(
    [presence(), presence("1"), presence("2"), presence("3")],
    [
      [4, true],
      [3, true],
      [1, true],
      [0, false],
    ],
  );
  for (const name of ["a", "b"]) ends(balancer, name, failed("no-instance", "no", ""));
  ends(balancer, "c", failed("draining", "no", ""));
  assert.deepEqual(presence("1"), [1, false], "one that leaves is there, and not full");
  ends(balancer, "b", failed("overloaded", "no", ""));
  assert.deepEqual(presence("1"), [2, true]);
  eject(balancer, "z");
  assert.deepEqual(presence("2"), [1, false], "one that fails calls may be anything");
});
