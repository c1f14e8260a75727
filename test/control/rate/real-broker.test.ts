import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { GlobalRate } from "../../../sidecar/inbound/global-rate.ts";
import { pack } from "../../../src/registry/frame.ts";
import { InstanceTable } from "../../../src/registry/table.ts";
import { ADMIN_TOKEN, fastClock as clock, getJson, realMesh } from "../../registry/real-mesh.ts";
import { publishRefused } from "../../support/secured-mesh.ts";
import { natsServers, type TestServer } from "../../support/servers.ts";
import { until } from "../../support/until.ts";

const RATE = { requests: 100, intervalMs: 1000, burst: 100 };

async function limit(url: string): Promise<void> {
  const policy = {
    apiVersion: "weft.dev/v1",
    kind: "ServicePolicy",
    metadata: { name: "orders" },
    spec: { rateLimit: { global: { requests: RATE.requests, interval: "1s", burst: RATE.burst } } },
  };
  const answer = await fetch(`${url}/v1/policy/apply`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify({ resources: [policy], allowUnknown: true }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

/** Instances of `orders`, each with the identity and the permissions of its own, and the gate that it works with. */
async function scene(t: TestContext, server: TestServer) {
  const mesh = await realMesh(t, server);
  const start = async () => {
    const { bus, beats, instance } = await mesh.startInstance("orders");
    const table = new InstanceTable({ bus, clock, caller: "orders", instance });
    const sharing = { bus, clock, service: "orders", instance, table, random: Math.random };
    const global = new GlobalRate(sharing, RATE);
    const close = () => {
      global.close();
      table.close();
    };
    t.after(close);
    return {
      ...{ instance, global, owed: 0, through: 0 },
      async leave() {
        close();
        await beats.leave();
      },
    };
  };
  type Instance = Awaited<ReturnType<typeof start>>;

  // Calls never pause: a pause would be followed by a burst, and rightly so.
  const load = new Map<Instance, number>();
  let before = clock.now();
  const offering = setInterval(() => {
    const now = clock.now();
    for (const [one, perSecond] of load) {
      one.owed += (perSecond * (now - before)) / 1000;
      for (; one.owed >= 1; one.owed--) if (one.global.gate("shop", now) <= 0) one.through++;
    }
    before = now;
  }, 2);
  t.after(() => clearInterval(offering));

  /** What passes a second, of all that are asked, while so much time passes. */
  const passing = async (forMs: number): Promise<number> => {
    for (const one of load.keys()) one.through = 0;
    const from = before;
    await until(() => before - from >= forMs, { withinMs: forMs });
    const through = [...load.keys()].reduce((sum, one) => sum + one.through, 0);
    return (through * 1000) / (before - from);
  };
  return { mesh, start, load, passing };
}

const isNear = (t: TestContext, what: string, actual: number, expected = RATE.requests, percent = 5) => {
  t.diagnostic(`${what}: ${actual.toFixed(1)} calls a second`);
  assert.ok(Math.abs(actual - expected) <= (expected * percent) / 100, `${what}: ${actual}`);
};

describe("a global rate in a secured mesh", { concurrency: true }, () => {
  for (const server of natsServers())
    test(`on nats-server ${server.label} four instances keep it within 5 %, whoever comes and goes`, async (t) => {
      const { mesh, start, load, passing } = await scene(t, server);
      const first = await mesh.startRegistry();
      const second = await mesh.startRegistry();
      await limit(first.url);
      const four = await Promise.all([start(), start(), start(), start()]);
      for (const [i, one] of four.entries()) load.set(one, [20, 20, 20, 200][i]!);
      // Longer than a registry that has just started takes to know everybody.
      await passing(8000);
      isNear(t, "uneven demand", await passing(5000));
      assert.ok(four[3]!.through > four[0]!.through * 1.5, "who is asked for more gets more");

      const fifth = await start();
      load.set(fifth, 200);
      await passing(2000);
      isNear(t, "five of them", await passing(5000));
      load.delete(fifth);
      await fifth.leave();
      await passing(2000);
      isNear(t, "four again", await passing(5000));

      await second.close();
      isNear(t, "one registry of two", await passing(5000));
      await first.close();
      await passing(1500);
      const shares = () => four.map(({ global }) => global.share);
      const last = shares();
      isNear(t, "no registry", await passing(5000), 100, 10);
      assert.deepEqual(shares(), last, "each keeps its last share");

      const third = await mesh.startRegistry();
      await until(async () => (await getJson(`${third.url}/v1/policy`)).resources?.length === 1);
      await until(() => shares().some((share, i) => share !== last[i]), { withinMs: 10_000 });
      await passing(2000);
      isNear(t, "a registry again", await passing(5000));
      assert.deepEqual((await getJson(`${third.url}/v1/health`)).drops, {});
    });

  for (const server of natsServers())
    test(`on nats-server ${server.label} nobody reports, or lends, in another's name`, async (t) => {
      const { mesh, start, load, passing } = await scene(t, server);
      const { url } = await mesh.startRegistry();
      await limit(url);
      const [one, other] = [await start(), await start()];
      const evil = await mesh.instance("evil");
      const attacker = await mesh.connect(evil.credentials);
      await publishRefused(attacker, "reg.get.rate.orders");
      await publishRefused(attacker, `_R.orders.${one.instance}.registry.x1`);
      load.set(one, 100).set(other, 100);
      await passing(8000);
      // In its own name it may ask, for whatever it likes to.
      for (const reply of [`_R.orders.${one.instance}.registry.x1`, `_R.evil.${evil.instance}.registry.x1`])
        for (let i = 0; i < 50; i++)
          attacker.nc.publish("reg.get.rate.evil", pack({ demand: { offered: 1e9, admitted: 1e9 } }), {
            reply,
          });
      await attacker.nc.flush();
      isNear(t, "under attack", await passing(5000));
      const { drops } = await getJson(`${url}/v1/health`);
      assert.deepEqual([drops["reply-foreign"], drops["rate-unknown"]], [50, 50]);
    });
});
