import assert from "node:assert/strict";
import { test } from "node:test";
import { type Backend, type KeyOf, split } from "../../../sidecar/policy/split.ts";
import { statusOf } from "../../../sidecar/stack/outcome.ts";
import { LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { chiSquared, seeded } from "../../support/random.ts";
import { codeOf, replied } from "./scene.ts";

const DRAWS = 5000;
/** One run in a thousand would be beyond, if runs differed; with one degree of freedom, and with two. */
const LIMIT = [0, 10.83, 13.82] as const;

/** Backends with these weights, and a way to see where calls go. */
const scene = (weights: Readonly<Record<string, number>>, keyOf?: KeyOf, random = seeded(3)) => {
  const went: string[] = [];
  const backends = Object.entries(weights).map(
    ([name, weight]): Backend => ({
      name,
      weight,
      service: async () => {
        went.push(name);
        return replied;
      },
    }),
  );
  const service = split(backends, keyOf, random);
  const counts = (): number[] =>
    Object.keys(weights).map((name) => went.filter((one) => one === name).length);
  return { service, went, counts };
};

const byUser: KeyOf = ({ head }) => head.path.slice(1);
const user = (name: string | number) => aCall({ path: `/${name}` });
/** Where each of many users goes. */
const places = (weights: Readonly<Record<string, number>>, names = users): string[] => {
  const { service, went } = scene(weights, byUser);
  for (const name of names) void service(user(name));
  return went;
};
const users = Array.from({ length: DRAWS }, (_, i) => `user-${i}`);

test("weights share the calls to the statistics", () => {
  for (const [weights, degrees] of [
    [{ "orders v1": 90, "orders v2": 10 }, 1],
    [{ "orders v1": 1, "orders v2": 1 }, 1],
    [{ "orders v1": 999_999, "orders v2": 1_000_000, pay: 1 }, 1],
    [{ "orders v1": 70, "orders v2": 20, "orders v3": 10 }, 2],
  ] as const) {
    const { service, counts } = scene(weights);
    for (let i = 0; i < DRAWS; i++) void service(aCall());
    const far = chiSquared(counts(), Object.values(weights));
    assert.ok(far < LIMIT[degrees], `${JSON.stringify(weights)}: ${counts()}, chi-squared ${far}`);
  }
});

test("the draw reaches each backend at its edges, and a weight of 0 is never drawn", async () => {
  for (const [drawn, name] of [
    [0, "orders v1"],
    [0.8999, "orders v1"],
    [0.9, "orders v2"],
    [1 - Number.EPSILON, "orders v2"],
  ] as const) {
    const { service, went } = scene(
      { none: 0, "orders v1": 90, "orders v2": 10, nothing: 0 },
      undefined,
      () => drawn,
    );
    await service(aCall());
    assert.deepEqual(went, [name]);
  }
});

test("the choice is told in words, without those of no weight in the sum", async () => {
  const { service } = scene({ "orders v1": 90, "orders v2": 10, "orders v3": 0 }, undefined, () => 0.95);
  const call = aCall();
  await service(call);
  assert.equal(call.choice, "orders v2, 10 of 100");
});

test("a rule that has no backend, or none with a weight, answers 500, and says which rule that is", async () => {
  for (const weights of [{}, { "orders v1": 0 }, { "orders v1": 0, "orders v2": 0 }]) {
    const { service, went } = scene(weights);
    const call = aCall({ body: new LiveBody("part") });
    call.rule = { name: "orders/canary", why: "" };
    const outcome = await service(call);
    assert.deepEqual([codeOf(outcome), statusOf(outcome), went.length], ["no-backend", 500, 0]);
    assert.match(outcome.kind === "refused" ? outcome.message : "", /orders\/canary/);
    assert.equal((call.head.body as LiveBody).abandoned, "no-backend");
  }
});

test("calls with the same key go to the same backend, in each sidecar, whatever the order of the backends", () => {
  const there = places({ "orders v1": 50, "orders v2": 50 });
  assert.deepEqual(places({ "orders v2": 50, "orders v1": 50 }), there);
  assert.equal(new Set(there).size, 2);
});

test("keys are shared by weight to the statistics, whatever they look like", () => {
  const random = seeded(11);
  const kinds = {
    numbered: users,
    plain: users.map((_, i) => String(i)),
    random: users.map(() => Math.floor(random() * 2 ** 48).toString(36)),
    prefixed: users.map((_, i) => `${"x".repeat(100)}${i}`),
    suffixed: users.map((_, i) => `${i}@example.org`),
  };
  for (const [kind, names] of Object.entries(kinds))
    for (const [weights, degrees] of [
      [{ "orders v1": 90, "orders v2": 10 }, 1],
      [{ "orders v1": 70, "orders v2": 20, "orders v3": 10 }, 2],
    ] as const) {
      const went = places(weights, names);
      const counts = Object.keys(weights).map((name) => went.filter((one) => one === name).length);
      const far = chiSquared(counts, Object.values(weights));
      assert.ok(far < LIMIT[degrees], `${kind} ${JSON.stringify(weights)}: ${counts}, chi-squared ${far}`);
    }
});

test("a change of weights moves only the keys that it has to", () => {
  const before = places({ "orders v1": 90, "orders v2": 10 });
  const after = places({ "orders v1": 80, "orders v2": 20 });
  const moved = before.flatMap((name, i) => (name === after[i] ? [] : [`${name} to ${after[i]}`]));
  assert.deepEqual([...new Set(moved)], ["orders v1 to orders v2"], "nobody leaves the version that grows");
  assert.ok(Math.abs(moved.length / DRAWS - 0.1) < 0.01, `${moved.length} of ${DRAWS} moved`);
});

test("a backend that comes or goes moves only its own keys", () => {
  const before = places({ "orders v1": 50, "orders v2": 50 });
  const after = places({ "orders v1": 50, "orders v2": 50, "orders v3": 25 });
  for (const [i, name] of after.entries())
    if (name !== "orders v3") assert.equal(name, before[i], "who is not with the new one has stayed");
  const gone = places({ "orders v1": 50, "orders v2": 50, "orders v3": 0 });
  assert.deepEqual(gone, before);
});

test("two entries for the same backend have each their own share of the keys", () => {
  const went: number[] = [];
  const entry = (i: number, name: string, weight: number): Backend => ({
    name,
    weight,
    service: async () => {
      went.push(i);
      return replied;
    },
  });
  const backends = [entry(0, "orders v1", 10), entry(1, "orders v1", 10), entry(2, "orders v2", 20)];
  const service = split(backends, byUser, seeded(5));
  for (const name of users) void service(user(name));
  const counts = [0, 1, 2].map((i) => went.filter((one) => one === i).length);
  assert.ok(chiSquared(counts, [10, 10, 20]) < LIMIT[2], `${counts}`);
});

test("a call without a key is drawn at random", () => {
  const { service, counts } = scene({ "orders v1": 90, "orders v2": 10 }, () => undefined);
  for (let i = 0; i < DRAWS; i++) void service(user("the same"));
  assert.ok(chiSquared(counts(), [90, 10]) < LIMIT[1], `${counts()}`);
});
