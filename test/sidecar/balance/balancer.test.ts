import assert from "node:assert/strict";
import { test } from "node:test";
import { failed } from "../../../sidecar/stack/outcome.ts";
import {
  aBalancedCall,
  aBalancer,
  answer,
  eject,
  ends,
  known,
  namesOf,
  policy,
  refusal,
  row,
  rows,
  shares,
} from "./scene.ts";

test("while nothing is known the broker chooses, and so it does for a version that nobody has", () => {
  const balancer = aBalancer();
  assert.equal(balancer.picker(undefined).pick(aBalancedCall(), 0), undefined);
  balancer.update(rows(2), 0);
  assert.equal(balancer.picker("9").pick(aBalancedCall(), 0), undefined);
  assert.ok(balancer.picker("1").pick(aBalancedCall(), 0));
});

test("a call for a version goes to its instances only, a call for any to all", () => {
  const balancer = known([row("a"), row("b", { version: "2" })]);
  for (let i = 0; i < 50; i++) assert.equal(balancer.picker("2").pick(aBalancedCall(), 0)?.instance, "b");
  assert.deepEqual(namesOf(balancer), ["a", "b"]);
  balancer.update([row("a")], 0);
  assert.equal(balancer.picker("2").pick(aBalancedCall(), 0), undefined);
});

test("what is known of an instance outlives changes to others, but not its restart", () => {
  const balancer = known(rows(2));
  const [a, b] = [balancer.endpoint("a"), balancer.endpoint("b")];
  balancer.update([row("a"), row("b", { startedAt: 2 }), row("c")], 0);
  assert.equal(balancer.endpoint("a"), a);
  assert.notEqual(balancer.endpoint("b"), b);
  assert.deepEqual(namesOf(balancer), ["a", "b", "c"]);
});

test("an instance that fails is left out, then tried by one call, then used again", () => {
  const balancer = known(rows(4));
  eject(balancer, "a");
  assert.deepEqual(namesOf(balancer, 999), ["b", "c", "d"]);
  assert.ok(namesOf(balancer, 1500).includes("a"), "its time is over");
  const probe = balancer.endpoint("a")!;
  const isProbe = probe.began(1500);
  assert.deepEqual(namesOf(balancer, 1501), ["b", "c", "d"]);
  probe.ended(answer(200), 5, 1505, isProbe);
  assert.deepEqual(namesOf(balancer, 1505), ["a", "b", "c", "d"]);
});

test("half of a version may be ejected; when more fail, all are used", () => {
  const balancer = known(rows(5));
  eject(balancer, "a", "b");
  assert.deepEqual(namesOf(balancer), ["c", "d", "e"]);
  eject(balancer, "c");
  assert.deepEqual(namesOf(balancer), ["a", "b", "c", "d", "e"]);
});

test("of two one may be ejected and one stays; the only one is never left out", () => {
  for (const maxEjectedPercent of [10, 50, 100]) {
    const two = known(rows(2), { breaker: { maxEjectedPercent } });
    eject(two, "a");
    assert.deepEqual(namesOf(two), ["b"]);
    eject(two, "b");
    assert.deepEqual(namesOf(two), ["a", "b"]);
    const one = known(rows(1), { breaker: { maxEjectedPercent } });
    eject(one, "a");
    assert.deepEqual(namesOf(one), ["a"]);
  }
});

test("it is shown which of those that are ejected get calls all the same", () => {
  const balancer = known([...rows(3), row("z", { version: "2" }), row("y", { version: "2" })]);
  const inPanic = (now: number) =>
    balancer.endpoints(now).flatMap(({ instance, panic }) => (panic ? [instance] : []));
  eject(balancer, "a", "z");
  assert.deepEqual(inPanic(0), []);
  eject(balancer, "b", "c");
  assert.deepEqual(inPanic(0), ["a", "b", "c"]);
  assert.deepEqual(inPanic(600_000), [], "their ejections are over");
});

test("each version panics for itself, also for calls to any", () => {
  const two = [row("x", { version: "2" }), row("y", { version: "2" }), row("z", { version: "2" })];
  const balancer = known([...rows(2), ...two]);
  eject(balancer, "a", "b", "x");
  assert.deepEqual(namesOf(balancer), ["a", "b", "y", "z"]);
});

test("no breaker, no ejection", () => {
  for (const breaker of [{ consecutiveFailures: 0 }, { maxEjectedPercent: 0 }]) {
    const balancer = known(rows(3), { breaker });
    ends(balancer, "a", answer(500), 1000);
    assert.deepEqual(namesOf(balancer), ["a", "b", "c"]);
  }
});

test("another attempt goes to somebody else, when there is anybody", () => {
  const balancer = known(rows(3), { balance: { policy: "peak-ewma" } });
  const call = aBalancedCall();
  call.tried = ["a", "c"];
  assert.deepEqual(shares(balancer, 50, 0, call), { b: 50 });
  call.tried = ["a", "b", "c"];
  assert.equal(Object.keys(shares(balancer, 200, 0, call)).length, 3);
});

test("calls stay in the caller's zone while seven in ten there are usable, then spill little by little", () => {
  const near = Array.from({ length: 10 }, (_, i) => row(`n${i}`, { zone: "here" }));
  const far = Array.from({ length: 10 }, (_, i) => row(`f${i}`, { zone: "there" }));
  const balancer = known([...near, ...far], { parts: { zone: "here" } });
  const nearShare = () => {
    const counts = Object.entries(shares(balancer, 4000, 0));
    return counts.reduce((sum, [name, count]) => sum + (name.startsWith("n") ? count : 0), 0) / 4000;
  };
  assert.equal(nearShare(), 1);
  eject(balancer, "n0", "n1");
  assert.equal(nearShare(), 1, "eight of ten");
  eject(balancer, "n2", "n3", "n4");
  assert.ok(Math.abs(nearShare() - 0.7) < 0.03, "five of ten");
  for (let i = 5; i < 10; i++) ends(balancer, `n${i}`, refusal("overloaded"));
  assert.equal(nearShare(), 0, "nobody there has room");
});

test("zones change nothing for who has none, ignores them, or hashes", () => {
  const list = [row("a", { zone: "here" }), row("b", { zone: "there" }), row("c")];
  assert.deepEqual(namesOf(known(list)), ["a", "b", "c"]);
  assert.deepEqual(namesOf(known(list, { parts: { zone: "here" }, balance: { prefersZone: false } })), [
    ...["a", "b", "c"],
  ]);
  assert.deepEqual(namesOf(known(list, { parts: { zone: "nowhere" } })), ["a", "b", "c"]);
  assert.deepEqual(namesOf(known(list, { parts: { zone: "here" } })), ["a"]);
});

test("instances that were there first are not new; one that comes later warms up", () => {
  const balancer = known(rows(3), { balance: { slowStartMs: 10_000 } });
  balancer.update(rows(4), 5000);
  const part = (now: number) => (shares(balancer, 4000, now).d ?? 0) / 1000;
  assert.ok(part(5000) < 0.2);
  assert.ok(Math.abs(part(10_000) - 0.5) < 0.15);
  assert.ok(Math.abs(part(15_000) - 1) < 0.15);
  assert.deepEqual(
    balancer.endpoints(10_000).map(({ warmth }) => warmth),
    [1, 1, 1, 0.5],
  );
});

test("a caller that looks for the first time and finds nobody yet takes nobody for new", () => {
  const balancer = aBalancer({ balance: { slowStartMs: 10_000 } });
  balancer.update([], 0);
  balancer.update(rows(3), 5);
  const warmths = (now: number) => balancer.endpoints(now).map(({ warmth }) => warmth);
  assert.deepEqual(warmths(5), [1, 1, 1]);
  balancer.update([], 10);
  balancer.update(rows(1), 20);
  assert.deepEqual(warmths(20), [0.1], "but one that comes after all were gone is new");
});

test("one that is new is taken to be as fast as the others, and so gets no flood", () => {
  const balancer = known(rows(3));
  ends(balancer, "a", answer(200), 1, 0, 30);
  ends(balancer, "b", answer(200), 1, 0, 50);
  ends(balancer, "c", failed("attempt-timeout", "unknown", "x"), 3, 0, 3000);
  balancer.update(rows(4), 0);
  assert.equal(balancer.endpoints(0)[3]?.latencyMs, 50, "one that just died says nothing of it");
  balancer.update(rows(1), 0);
  balancer.update(rows(2), 0);
  assert.equal(balancer.endpoints(0)[1]?.latencyMs, 30);
});

test("fast failures, refusals and answers that ask for a pause attract no calls", () => {
  const balancer = known(rows(4), { breaker: { consecutiveFailures: 0 } });
  for (const name of ["a", "b", "c", "d"]) ends(balancer, name, answer(200), 1, 0, 40);
  ends(balancer, "a", answer(500), 2, 0, 1);
  ends(balancer, "b", answer(429, "2000"), 1, 0, 1);
  ends(balancer, "c", answer(503, "999999"), 1, 0, 1);
  ends(balancer, "d", answer(404, "2000"), 1, 0, 1);
  assert.deepEqual(
    balancer.endpoints(0).map(({ latencyMs }) => latencyMs),
    [166, 2000, 5000, 40],
  );
});

test("what an instance was before its ejection does not count after its probe", () => {
  const balancer = known(rows(2), { balance: { policy: "peak-ewma" } });
  ends(balancer, "a", answer(500), 7, 0, 4000);
  assert.deepEqual(namesOf(balancer, 0), ["b"]);
  assert.deepEqual(namesOf(balancer, 1500), ["a"], "the probe is wanted, however slow it was");
  ends(balancer, "a", answer(200), 1, 1500, 3);
  assert.equal(balancer.endpoints(1500)[0]?.latencyMs, 3);
});

test("a call that was cancelled took at least its time", () => {
  const balancer = known(rows(1));
  ends(balancer, "a", failed("cancelled", "unknown", ""), 1, 0, 800);
  ends(balancer, "a", failed("denied", "no", ""), 1, 0, 900);
  assert.equal(balancer.endpoints(0)[0]?.latencyMs, 800);
});

test("queue-group leaves every call to the broker", () => {
  assert.deepEqual(namesOf(known(rows(3), { balance: { policy: "queue-group" } })), ["broker"]);
});

test("another policy takes effect at once and keeps what is known; breakers begin anew only with other settings", () => {
  const balancer = known(rows(4));
  eject(balancer, "a");
  const a = balancer.endpoint("a");
  balancer.configure(policy({ balance: { policy: "round-robin" } }));
  assert.equal(balancer.endpoint("a"), a);
  assert.deepEqual(shares(balancer, 9, 0), { b: 3, c: 3, d: 3 });
  balancer.configure(policy({ balance: { policy: "random" }, breaker: { consecutiveFailures: 9 } }));
  assert.deepEqual(namesOf(balancer), ["a", "b", "c", "d"]);
});

test("ejections are told with their reason, and people see the state", () => {
  const told: unknown[] = [];
  const balancer = known(rows(2), {
    parts: { ejected: ({ instance }, reason, forMs) => told.push([instance, reason, forMs >= 1000]) },
  });
  eject(balancer, "a");
  assert.deepEqual(told, [["a", "consecutive-failures", true]]);
  const [a, b] = balancer.endpoints(500);
  assert.deepEqual([a?.state, a?.ejections, b?.state], ["ejected", 1, "admitting"]);
  assert.ok(a!.ejectedForMs! >= 500 && a!.ejectedForMs! <= 1500);
});

test("hints of two other callers make three failures enough; those for nobody do nothing", () => {
  const balancer = known(rows(3));
  for (const caller of ["web", "billing"])
    for (const instance of ["a", "z"]) balancer.hinted(instance, caller, 0);
  ends(balancer, "a", answer(500), 2);
  assert.equal(balancer.endpoint("a")?.state, "admitting");
  ends(balancer, "a", answer(500));
  assert.equal(balancer.endpoint("a")?.state, "ejected");
});

test("calls under way when their instance goes end in peace", () => {
  const balancer = known(rows(2));
  const a = balancer.endpoint("a")!;
  const isProbe = a.began(0);
  balancer.update([row("b")], 0);
  a.ended(answer(500), 1, 1, isProbe);
  assert.deepEqual(namesOf(balancer), ["b"]);
});
