import assert from "node:assert/strict";
import { test } from "node:test";
import { consistentHash } from "../../../sidecar/balance/consistent-hash.ts";
import { PeakLatency } from "../../../sidecar/balance/latency.ts";
import { leastLoaded } from "../../../sidecar/balance/least-loaded.ts";
import { peakEwma } from "../../../sidecar/balance/peak-ewma.ts";
import type { PickerOf } from "../../../sidecar/balance/picker.ts";
import { randomly } from "../../../sidecar/balance/random.ts";
import { roundRobin } from "../../../sidecar/balance/round-robin.ts";
import { type StandsBack, slowStart } from "../../../sidecar/balance/slow-start.ts";
import { preferZone } from "../../../sidecar/balance/zone.ts";
import { hashText } from "../../../sidecar/policy/hash.ts";
import { pickerContract } from "../../contract/picker.ts";
import { seeded } from "../../support/random.ts";
import { aBalancedCall, endpoints, userOf } from "./scene.ts";

const make = (policy: (standsBack: StandsBack, random: () => number) => PickerOf) => () => {
  const random = seeded(9);
  return policy(slowStart(1000, random), random);
};

const byUser = () => consistentHash(userOf, hashText, make(peakEwma)());

pickerContract("random", make(randomly));
pickerContract("round-robin", make(roundRobin));
pickerContract("least-loaded", make(leastLoaded));
pickerContract("peak-ewma", make(peakEwma));
pickerContract("consistent-hash", byUser, {
  slowStart: "a user must meet the same instance while it warms up",
});
pickerContract(
  "zone that spills",
  make((standsBack, random) => {
    const policy = randomly(standsBack, random);
    return preferZone("here", 2, policy, policy, random);
  }),
);

test("round-robin goes round, and goes on where it was when the endpoints change", () => {
  const policy = make(roundRobin)();
  const round = (names: string[], calls: number) => {
    const picker = policy(endpoints(names));
    return Array.from({ length: calls }, () => picker.pick(aBalancedCall(), 0)!.instance);
  };
  const first = round(["a", "b", "c"], 6);
  assert.deepEqual(new Set(first.slice(0, 3)), new Set(["a", "b", "c"]));
  assert.deepEqual(first.slice(3), first.slice(0, 3));
  assert.notEqual(round(["a", "b", "c"], 1)[0], first[5]);
});

test("further attempts leave the round of the first ones as it is, and go round themselves", () => {
  const [a, b, c] = endpoints(["a", "b", "c"]);
  const policy = make(roundRobin)();
  const picked: string[] = [];
  const further: string[] = [];
  for (let i = 0; i < 60; i++) {
    const call = aBalancedCall();
    const first = policy([a!, b!, c!]).pick(call, 0)!;
    picked.push(first.instance);
    call.attempt = 2;
    const others = [a!, b!, c!].filter((one) => one !== first);
    further.push(policy(others).pick(call, 0)!.instance);
  }
  assert.deepEqual(new Set(picked.slice(0, 3)), new Set(["a", "b", "c"]));
  for (let i = 3; i < 60; i++) assert.equal(picked[i], picked[i - 3]);
  const ofA = further.filter((_, i) => picked[i] === "a");
  assert.deepEqual(
    [ofA.length, new Set(ofA)],
    [20, new Set(["b", "c"])],
    "one's hedges do not all go to the same",
  );
});

test("when all are new, none stands back: the policy decides as ever", () => {
  const fresh = (names: string[]) => endpoints(names, 0);
  const count = (policy: PickerOf, list: ReturnType<typeof fresh>) => {
    const picker = policy(list);
    const counts: Record<string, number> = {};
    for (let i = 0; i < 1000; i++) {
      const { instance } = picker.pick(aBalancedCall(), 0)!;
      counts[instance] = (counts[instance] ?? 0) + 1;
    }
    return counts;
  };
  const loaded = fresh(["idle", "busy"]);
  loaded[1]!.outstanding = 3;
  assert.ok((count(make(leastLoaded)(), loaded).busy ?? 0) < 200);
  for (const policy of [randomly, roundRobin])
    for (const times of Object.values(count(make(policy)(), fresh(["a", "b", "c"]))))
      assert.ok(times > 250 && times < 420, `${times}`);
});

test("least-loaded never picks the busiest of several", () => {
  const list = endpoints(["a", "b", "c"]);
  list[1]!.outstanding = 3;
  const picker = make(leastLoaded)()(list);
  for (let i = 0; i < 200; i++) assert.notEqual(picker.pick(aBalancedCall(), 0)!.instance, "b");
});

test("peak EWMA prefers a fast busy endpoint to a slow idle one, until it is too busy", () => {
  const [fast, slow] = endpoints(["fast", "slow"]);
  fast!.latency.observe(4, 0);
  slow!.latency.observe(49, 0);
  const picker = make(peakEwma)()([fast!, slow!]);
  fast!.outstanding = 8;
  assert.equal(picker.pick(aBalancedCall(), 0), fast);
  fast!.outstanding = 10;
  assert.equal(picker.pick(aBalancedCall(), 0), slow);
});

test("differences below the mesh's own noise leave the choice to the load", () => {
  const [a, b] = endpoints(["a", "b"]);
  a!.latency.observe(0.2, 0);
  b!.latency.observe(0.4, 0);
  a!.outstanding = 1;
  assert.equal(make(peakEwma)()([a!, b!]).pick(aBalancedCall(), 0), b);
});

test("a latency jumps to each peak, comes down slowly, and is forgotten in silence", () => {
  const latency = new PeakLatency(0, 0);
  latency.observe(10, 0);
  latency.observe(1000, 100);
  assert.equal(latency.at(100), 1000);
  latency.observe(10, 1100);
  assert.ok(latency.at(1100) > 850 && latency.at(1100) < 950);
  for (let now = 1200; now <= 61_100; now += 100) latency.observe(10, now);
  assert.ok(latency.at(61_100) < 15);
  assert.ok(latency.at(121_100) < 0.1);
});

test("what took at least so long never makes an endpoint look faster", () => {
  const latency = new PeakLatency(100, 0);
  latency.observeAtLeast(1, 0);
  assert.equal(latency.at(0), 100);
  latency.observeAtLeast(500, 0);
  assert.equal(latency.at(0), 500);
});

const USERS = Array.from({ length: 2000 }, (_, i) => `user-${i}`);

const placesOf = (names: string[]) => {
  const picker = byUser()(endpoints(names));
  return new Map(USERS.map((user) => [user, picker.pick(aBalancedCall(user), 0)!.instance]));
};

test("a user meets the same instance from every caller, in whatever order it knows them", () => {
  assert.deepEqual(placesOf(["a", "b", "c", "d"]), placesOf(["d", "b", "a", "c"]));
});

test("when an instance goes only its users move, and to all others", () => {
  const before = placesOf(["a", "b", "c", "d", "e"]);
  const after = placesOf(["a", "b", "c", "d"]);
  const moved = USERS.filter((user) => before.get(user) !== after.get(user));
  assert.deepEqual(
    moved,
    USERS.filter((user) => before.get(user) === "e"),
  );
  for (const name of ["a", "b", "c", "d"])
    assert.ok(moved.filter((user) => after.get(user) === name).length > moved.length / 8);
});

test("when an instance comes it takes its part, and nobody else moves", () => {
  const before = placesOf(["a", "b", "c", "d"]);
  const after = placesOf(["a", "b", "c", "d", "e"]);
  for (const user of USERS) assert.ok(after.get(user) === before.get(user) || after.get(user) === "e");
});

test("instances with names that are nearly the same get equal shares", () => {
  const names = Array.from({ length: 10 }, (_, i) => `orders-7f9c-${i}`);
  const places = [...placesOf(names).values()];
  for (const name of names) {
    const count = places.filter((place) => place === name).length;
    assert.ok(count > 140 && count < 260, `${name}: ${count} of 2000`);
  }
});

test("calls without a key go where the load is least", () => {
  const list = endpoints(["a", "b"]);
  list[0]!.outstanding = 5;
  assert.equal(byUser()(list).pick(aBalancedCall(), 0), list[1]);
});
