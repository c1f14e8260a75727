import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Asked, ask } from "../../support/ask.ts";
import { assertShare, crowd } from "../../support/crowd.ts";
import type { SidecarUnderTest } from "../../support/mesh.ts";
import { policy, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers, newestServer } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { type Deed, type Fleet, fleetOf } from "./fleet.ts";

const WORKS: Deed = {};
const FAILS: Deed = { status: 500 };
const LONG = "1m";

/** Calls go round, so that each instance is due for its share of them until it is left out. */
const ROUND = { policy: "round-robin" };

async function scene(
  t: TestContext,
  deeds: readonly Deed[],
  breaker: object,
  spec: object = {},
  server = newestServer(),
) {
  const mesh = await routedMesh(t, { server });
  const { fleet, shop } = await fleetOf(
    t,
    mesh,
    deeds.map(() => WORKS),
  );
  await mesh.apply(policy("orders", { balance: ROUND, breaker, ...spec }));
  // All was well until now.
  for (const [i, deed] of deeds.entries()) fleet.members[i]!.deed = deed;
  return { mesh, fleet, shop };
}

const one = ({ listen }: SidecarUnderTest, path = "/"): Promise<Asked> => ask(listen, "orders.mesh", path);

/** Calls, some at a time; statuses, or codes of the mesh, with how often they came. */
async function load(t: TestContext, { listen }: SidecarUnderTest, times: number, workers = 6) {
  const ends: Record<string, number> = {};
  const call = async (i: number, agent: Parameters<Parameters<typeof crowd>[2]>[1]): Promise<void> => {
    const { status, headers } = await ask(listen, "orders.mesh", `/${i}`, { agent });
    const end = String(headers["weft-error"] ?? status);
    ends[end] = (ends[end] ?? 0) + 1;
  };
  await crowd(t, times, call, workers);
  return ends;
}

/** Calls until so many have reached one instance; they come one after the other, and never in one burst. */
async function seenBy(fleet: Fleet, shop: SidecarUnderTest, at: number, times: number): Promise<number[]> {
  const { seen } = fleet.members[at]!;
  await until(
    async () => {
      await one(shop);
      return seen.length >= times;
    },
    { withinMs: 8000, what: `${times} calls to reach ${fleet.members[at]!.instance}` },
  );
  return seen.map(({ at }) => at);
}

for (const server of natsServers())
  test(`nats-server ${server.label}: seven failures in a row leave an instance out, and the others have its calls`, async (t) => {
    const { fleet, shop } = await scene(t, [WORKS, FAILS, WORKS], { minPenalty: LONG }, {}, server);
    assert.deepEqual(await load(t, shop, 90, 1), { 200: 83, 500: 7 });
    assert.equal(fleet.members[1]!.seen.length, 7);
    // One after the other again, as if there were two.
    fleet.forget();
    assert.deepEqual(await load(t, shop, 60), { 200: 60 });
    assert.deepEqual(fleet.counts(), [30, 0, 30]);
  });

test("broken connections and timeouts are failures, refusals of the app are none, and a success begins anew", async (t) => {
  const { mesh, fleet, shop } = await scene(t, [WORKS, WORKS], {});
  const [, bad] = fleet.members;
  let changes = 0;
  const begin = async (deed: Deed) => {
    // A breaker with another setting forgets all that was; this one makes no difference here.
    const breaker = { consecutiveFailures: 3, minPenalty: `${++changes + 20}s` };
    const timeouts = { request: "10s", backendRequest: "300ms" };
    await mesh.apply(policy("orders", { balance: ROUND, breaker, timeouts }));
    fleet.forget();
    bad!.deed = deed;
  };
  for (const deed of [{ instead: "reset" }, { instead: "silence" }, { status: 503 }] as const) {
    await begin(deed);
    await load(t, shop, 20, 1);
    assert.equal(bad!.seen.length, 3, JSON.stringify(deed));
  }
  for (const status of [400, 404, 429, 499]) {
    await begin({ status });
    assert.deepEqual(await load(t, shop, 20), { 200: 10, [status]: 10 });
  }
  await begin(FAILS);
  for (let i = 0; i < 40; i++) {
    // Every third call of the bad one is answered.
    bad!.deed = bad!.seen.length % 3 === 2 ? WORKS : FAILS;
    await one(shop);
  }
  assert.equal(bad!.seen.length, 20, "never three in a row");
});

test("after its penalty one call tries it, others meanwhile do not, and each failure doubles the penalty", async (t) => {
  const { fleet, shop } = await scene(t, [WORKS, FAILS], { consecutiveFailures: 2, minPenalty: "100ms" });
  const bad = fleet.members[1]!;
  const [, ejected = 0, ...probes] = await seenBy(fleet, shop, 1, 5);
  let from = ejected;
  for (const [i, at] of probes.entries()) {
    const penaltyMs = 100 * 2 ** i;
    const waitedMs = at - from;
    assert.ok(waitedMs >= penaltyMs - 1, `probe ${i + 1} came after ${waitedMs} ms`);
    // A half more by chance, and what the machine takes.
    assert.ok(waitedMs < penaltyMs * 1.5 + 1000, `probe ${i + 1} came after ${waitedMs} ms`);
    from = at;
  }
  // The probe may take its time: nobody else is sent there.
  bad.deed = { afterMs: 400 };
  const before = bad.seen.length;
  await until(
    async () => {
      void one(shop);
      return bad.seen.length > before;
    },
    { withinMs: 8000, what: "the next probe" },
  );
  assert.deepEqual(await load(t, shop, 60), { 200: 60 });
  assert.equal(bad.seen.length, before + 1);
  // It succeeded: the instance is one of two again.
  bad.deed = WORKS;
  await until(
    async () => {
      fleet.forget();
      await load(t, shop, 20);
      return bad.seen.length === 10;
    },
    { what: "it to have its share again" },
  );
});

test("a success rate below the limit leaves an instance out that never fails twice in a row", async (t) => {
  const successRate = { below: 0.8, interval: "10s", minCalls: 10 };
  const { fleet, shop } = await scene(t, [WORKS, WORKS], {
    consecutiveFailures: 0,
    successRate,
    minPenalty: LONG,
  });
  const [good, bad] = fleet.members;
  const callsWith = async (every: number, times: number) => {
    for (let i = 0; i < times; i++) {
      bad!.deed = bad!.seen.length % every === every - 1 ? FAILS : WORKS;
      await one(shop);
    }
  };
  await callsWith(10, 60);
  assert.deepEqual(fleet.counts(), [30, 30], "nine in ten are good enough");
  await callsWith(2, 60);
  assert.ok(bad!.seen.length < 50, `${bad!.seen.length}`);
  const before = bad!.seen.length;
  await callsWith(2, 20);
  assert.equal(bad!.seen.length, before);
  assert.ok(good!.seen.length > before);
});

test("when more fail than may be left out all are used, and recover together", async (t) => {
  const breaker = { consecutiveFailures: 3, minPenalty: "300ms", maxPenalty: "300ms" };
  const { fleet, shop } = await scene(t, [FAILS, FAILS, FAILS, FAILS], breaker);
  await load(t, shop, 60);
  fleet.forget();
  assert.deepEqual(await load(t, shop, 200), { 500: 200 }, "answers of the apps, not of the mesh");
  assert.ok(Math.min(...fleet.counts()) > 20, `${fleet.counts()}`);
  for (const member of fleet.members) member.deed = WORKS;
  await until(
    async () => {
      fleet.forget();
      const ends = await load(t, shop, 40);
      assert.deepEqual(ends, { 200: 40 });
      return fleet.counts().every((count) => count === 10);
    },
    { what: "all four to have their shares" },
  );
});

test("half of the instances may be left out; of two, one stays whatever happens, and the only one always", async (t) => {
  const breaker = { consecutiveFailures: 3, minPenalty: LONG };
  const four = await scene(t, [FAILS, FAILS, WORKS, WORKS], breaker);
  await load(t, four.shop, 60);
  four.fleet.forget();
  assert.deepEqual(await load(t, four.shop, 40), { 200: 40 });
  assert.deepEqual(four.fleet.counts(), [0, 0, 20, 20]);
  // With a third one the fault is hardly theirs.
  four.fleet.members[2]!.deed = FAILS;
  await load(t, four.shop, 40);
  four.fleet.forget();
  await load(t, four.shop, 80);
  assert.ok(Math.min(...four.fleet.counts()) >= 10, `${four.fleet.counts()}`);

  const two = await scene(t, [FAILS, WORKS], { ...breaker, maxEjectedPercent: 100 });
  await load(t, two.shop, 20);
  two.fleet.forget();
  assert.deepEqual(await load(t, two.shop, 20), { 200: 20 });
  two.fleet.members[1]!.deed = FAILS;
  await load(t, two.shop, 20);
  two.fleet.forget();
  assert.deepEqual(await load(t, two.shop, 40), { 500: 40 });
  assert.ok(Math.min(...two.fleet.counts()) >= 10, `both are asked: ${two.fleet.counts()}`);

  const only = await scene(t, [FAILS], breaker);
  assert.deepEqual(await load(t, only.shop, 40), { 500: 40 });
});

test("what an instance is to one caller, and one version, is nothing to the others", async (t) => {
  const { mesh, fleet, shop } = await scene(t, [WORKS, FAILS], { consecutiveFailures: 3, minPenalty: LONG });
  await fleet.add(WORKS, { version: "2" });
  await load(t, shop, 30);
  fleet.forget();
  await load(t, shop, 30);
  assert.equal(fleet.members[1]!.seen.length, 0);
  fleet.members[1]!.deed = WORKS;
  const another = await mesh.caller("shop");
  await fleet.isKnownTo(another);
  const asked = 600;
  await load(t, another, asked);
  for (const count of fleet.counts()) assertShare(count, asked, 1 / 3);
});

test("with retries nobody sees a failure while a breaker learns of it", async (t) => {
  const { fleet, shop } = await scene(
    t,
    [WORKS, FAILS, WORKS],
    { minPenalty: LONG },
    { retry: { codes: [500] } },
  );
  assert.deepEqual(await load(t, shop, 100, 1), { 200: 100 });
  assert.equal(fleet.members[1]!.seen.length, 7);
});

test("a service that fails every call is refused at once, then tried by one call, and used again when it answers", async (t) => {
  const breaker = { consecutiveFailures: 0, minPenalty: "300ms", service: { consecutiveFailures: 5 } };
  const { fleet, shop } = await scene(t, [FAILS, FAILS], breaker);
  for (let i = 0; i < 5; i++) assert.equal((await one(shop)).status, 500);
  const failedAt = fleet.seen.at(-1)!.at;
  const refused = await one(shop);
  assert.equal(refused.headers["weft-error"], "service-ejected", refused.text);
  assert.equal(refused.status, 503);
  assert.match(String(refused.headers["retry-after"]), /^[1-9]\d*$/);
  assert.deepEqual(await load(t, shop, 20), { "service-ejected": 20 });
  assert.equal(fleet.seen.length, 5, "no app has seen them");

  // One call is the probe. It fails, and the next has to wait for twice as long.
  await until(async () => (await one(shop)).status === 500);
  const probedAt = fleet.seen.at(-1)!.at;
  assert.ok(probedAt - failedAt >= 299, `${probedAt - failedAt} ms`);
  for (const member of fleet.members) member.deed = { afterMs: 200 };
  const probes = await until(
    async () => {
      const ends = await load(t, shop, 12, 12);
      return ends[200] === undefined ? undefined : ends;
    },
    { what: "the second probe" },
  );
  assert.equal(probes[200], 1, "only one of those that came together");
  assert.equal(fleet.seen.length, 7);
  assert.ok(fleet.seen[6]!.at - probedAt >= 599, `${fleet.seen[6]!.at - probedAt} ms`);
  assert.deepEqual(await load(t, shop, 40, 20), { 200: 40 });
});
