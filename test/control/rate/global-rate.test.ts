import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Message } from "../../../src/bus/bus.ts";
import { readRateShare } from "../../../src/control/rate/wire.ts";
import { pack } from "../../../src/registry/frame.ts";
import type { Subject } from "../../../src/subjects/subjects.ts";
import { turns } from "../../support/fake-clock.ts";
import { rateScene, SETTLED_MS } from "./rate-scene.ts";

const RATE = { requests: 100, intervalMs: 1000, burst: 50 };

const isNear = (actual: number, expected: number, percent = 5) =>
  assert.ok(Math.abs(actual - expected) <= (expected * percent) / 100, `${actual} instead of ${expected}`);

/** Four instances that work on their shares. */
async function four(registries = 1, rate = RATE, seed = 1) {
  const scene = rateScene(rate, seed);
  const desks = Array.from({ length: registries }, () => scene.startRegistry());
  const instances = ["a", "b", "c", "d"].map((name) => scene.startInstance(name));
  await scene.clock.run(SETTLED_MS);
  const load = (perSecond: readonly number[]) => instances.map((one, i) => [one, perSecond[i]!] as const);
  /** The burst is gone, and the registry knows who is asked for how much. */
  const settle = (perSecond: readonly number[]) => scene.offer(load(perSecond), 10);
  return { ...scene, desks, instances, load, settle };
}

describe("a global rate over four instances", () => {
  for (const [what, perSecond, each] of [
    ["is asked for evenly", [80, 80, 80, 80], [25, 25, 25, 25]],
    ["is asked for unevenly", [20, 20, 20, 200], [20, 20, 20, 40]],
    ["is asked for in one place only", [0, 0, 0, 300], [0, 0, 0, 100]],
    ["is asked for a hundredfold", [100, 3000, 3000, 3000], [25, 25, 25, 25]],
  ] as const)
    test(`is kept within 5 % when it ${what}`, async () => {
      for (const registries of [1, 3]) {
        const { offer, load, settle, instances } = await four(registries);
        await settle(perSecond);
        isNear(await offer(load(perSecond), 30), 100);
        for (const [i, one] of instances.entries()) isNear(one.through / 30, each[i]!, 15);
      }
    });

  for (const burst of [10, 4, 1])
    test(`is kept within 5 % with a burst of ${burst}, by one caller and by two, also when the registry starts anew`, async () => {
      const { offer, load, settle, random, desks, startRegistry } = await four(1, { ...RATE, burst });
      const two = () => (random() < 1 / 6 ? "portal" : "shop");
      await settle([40, 40, 40, 40]);
      isNear(await offer(load([40, 40, 40, 40]), 20), 100);
      isNear(await offer(load([60, 60, 60, 60]), 20, two), 100);
      await desks[0]!.stop();
      startRegistry();
      isNear(await offer(load([50, 50, 50, 50]), 20), 100);
    });

  test("is not exceeded by more than its burst when calls come to all instances after a pause", async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { offer, load, settle } = await four(1, { ...RATE, burst: 10 }, seed);
      await settle([0, 0, 0, 0]);
      const through = 8 * (await offer(load([50, 50, 50, 50]), 8));
      assert.ok(through <= 810 * 1.05, `${through} in 8 s`);
    }
  });

  test("lets everything through that is below it", async () => {
    const { offer, load, settle, instances } = await four();
    await settle([5, 5, 5, 45]);
    await offer(load([5, 5, 5, 45]), 30);
    for (const { through, asked } of instances) assert.ok(through >= asked * 0.99, `${through} of ${asked}`);
  });

  test("follows the demand within seconds when that moves", async () => {
    const { offer, load, settle } = await four();
    await settle([200, 0, 0, 0]);
    isNear(await offer(load([0, 0, 0, 200]), 10), 100, 20);
    isNear(await offer(load([0, 0, 0, 200]), 10), 100);
  });

  test("is kept when instances join and leave, and a newcomer brings no burst of its own", async () => {
    const { offer, load, settle, instances, startInstance } = await four();
    const all = [80, 80, 80, 80];
    await settle(all);
    const e = startInstance("e");
    isNear(await offer([...load(all), [e, 80]], 5), 100, 10);
    isNear(await offer([...load(all), [e, 80]], 10), 100);
    await instances[3]!.leave();
    await e.leave();
    isNear(await offer(load(all).slice(0, 3), 10), 100);
    for (const { global } of instances.slice(0, 3)) isNear(global.share, 1 / 3, 0.1);
  });

  test("an instance that dies without a word is counted until it is silent for too long", async () => {
    const { offer, load, settle, instances } = await four();
    await settle([80, 80, 80, 80]);
    await instances[3]!.bus.close();
    isNear(await offer(load([80, 80, 80, 0]), 4), 75);
    await offer(load([80, 80, 80, 0]), 4);
    isNear(await offer(load([80, 80, 80, 0]), 10), 100);
  });

  test("a lost registry neither opens nor closes the gate, and one that is back takes its time to learn", async () => {
    const { offer, load, settle, instances, desks, startRegistry } = await four();
    const perSecond = [20, 20, 20, 200];
    await settle(perSecond);
    const shares = () => instances.map(({ global }) => global.share);
    await desks[0]!.stop();
    await offer(load(perSecond), 2);
    const before = shares();
    isNear(await offer(load(perSecond), 30), 100, 10);
    assert.deepEqual(shares(), before);
    startRegistry();
    await offer(load(perSecond), 5);
    assert.deepEqual(shares(), before, "it has not heard everybody yet, and lends nothing");
    await offer(load(perSecond), 5);
    assert.notDeepEqual(shares(), before);
    isNear(await offer(load(perSecond), 20), 100);
  });

  test("one of three registries is lost, and nothing changes", async () => {
    const { offer, load, settle, desks } = await four(3);
    const perSecond = [10, 20, 100, 100];
    await settle(perSecond);
    await desks[1]!.stop();
    isNear(await offer(load(perSecond), 10), 100);
    await desks[0]!.stop();
    isNear(await offer(load(perSecond), 20), 100);
  });

  test("takes another rate, and ends when policy has none", async () => {
    const { offer, load, settle, instances, policy, desks } = await four();
    const perSecond = [80, 80, 80, 300];
    await settle(perSecond);
    const twice = { requests: 200, intervalMs: 1000, burst: 50 };
    policy.limit(twice);
    for (const { global } of instances) global.configure(twice);
    await offer(load(perSecond), 3);
    isNear(await offer(load(perSecond), 10), 200);
    policy.limit(undefined);
    const before = instances.map(({ global }) => global.share);
    await offer(load([300, 0, 0, 0]), 5);
    assert.deepEqual(
      instances.map(({ global }) => global.share),
      before,
      "no answer where there is no rate",
    );
    assert.deepEqual(desks[0]!.drops.counts(), {});
  });

  test("a rate of few calls is kept as well", async () => {
    const { offer, load } = await four(1, { requests: 60, intervalMs: 60_000, burst: 5 });
    await offer(load([0.2, 0.2, 0.2, 2]), 60);
    isNear(await offer(load([0.2, 0.2, 0.2, 2]), 600), 1);
  });
});

test("with no registry at all an instance takes an even part among those it knows: itself", async () => {
  const { clock, startInstance, offer } = rateScene(RATE);
  const alone = startInstance("a");
  await clock.run(3000);
  assert.equal(alone.global.share, 1);
  await offer([[alone, 300]], 2);
  isNear(await offer([[alone, 300]], 10), 100);
});

test("before the first answer a new instance takes an even part among those in the table", async () => {
  const { clock, startInstance, startRegistry } = rateScene(RATE);
  startRegistry();
  const instances = ["a", "b", "c", "d"].map((name) => startInstance(name));
  await clock.run(1000);
  assert.deepEqual(
    instances.map(({ global }) => global.share),
    [0.25, 0.25, 0.25, 0.25],
  );
});

describe("a registry that lends shares", () => {
  const reply = (instance: string, service = "orders") => `_R.${service}.${instance}.registry.x1` as Subject;

  async function desk() {
    const scene = await four();
    const [{ drops }] = scene.desks as [(typeof scene.desks)[0]];
    const sender = scene.broker.connect();
    const answers: Message[] = [];
    for (const subject of ["_R.>", "mesh.>"] as Subject[])
      sender.subscribe(subject, undefined, (message) => {
        // Not those to the instances themselves.
        if (message.subject.endsWith(".x1") || message.subject.startsWith("mesh.")) answers.push(message);
      });
    const send = async (data: Buffer | object, to = reply("a"), subject = "reg.get.rate.orders") => {
      answers.length = 0;
      sender.send(subject as Subject, Buffer.isBuffer(data) ? data : pack(data), to);
      await turns(4);
      return answers.length;
    };
    return { ...scene, drops, send };
  }

  test("answers nobody but the sender, and only who takes calls of a service with a rate", async () => {
    const { send, drops, clock } = await desk();
    clock.advance(100);
    assert.equal(await send({}), 1);
    assert.equal(await send({}, reply("a", "shop")), 0);
    assert.equal(await send({}, "mesh.billing.any.orders" as Subject), 0);
    assert.equal(await send({}, reply("stranger")), 0);
    assert.equal(await send({}, reply("a", "shop"), "reg.get.rate.shop"), 0);
    assert.deepEqual(drops.counts(), { "reply-foreign": 2, "rate-unknown": 2 });
  });

  test("drops what it cannot read, and reports that come too often", async () => {
    const { send, drops, clock } = await desk();
    clock.advance(100);
    for (const bad of [
      Buffer.from("x"),
      Buffer.alloc(4096),
      { demand: { offered: -1, admitted: 0 } },
      { demand: { offered: Number.NaN, admitted: 0 } },
      { demand: { offered: Number.POSITIVE_INFINITY, admitted: 0 } },
      { demand: { offered: 1 } },
      { demand: 5 },
    ])
      assert.equal(await send(bad), 0, JSON.stringify(bad));
    assert.deepEqual(drops.counts(), { "request-bad": 7 });
    assert.equal(await send({}), 1);
    for (let i = 0; i < 20; i++) assert.equal(await send({}), 0);
    assert.equal(drops.counts()["rate-flood"], 20);
  });

  test("an instance that lies takes from its own service only, and what the others have left is still theirs", async () => {
    const { send, offer, load, settle, instances } = await desk();
    const perSecond = [80, 80, 80, 80];
    await settle(perSecond);
    for (let i = 0; i < 40; i++) {
      await offer(load(perSecond), 0.1);
      await send({ demand: { offered: 1e9, admitted: 1e9 } });
    }
    for (const { global } of instances.slice(1)) isNear(global.share, 0.25, 1);
  });
});

test("a share that no registry would lend is not taken", () => {
  for (const share of [0, -1, 1.5, Number.NaN, 1e-300, "1", undefined])
    assert.equal(readRateShare(pack({ share })), undefined);
  assert.deepEqual(readRateShare(pack({ share: 0.5 })), { share: 0.5 });
});
