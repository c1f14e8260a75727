import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Callees } from "../../sidecar/outbound/callees.ts";
import { SharedEjections } from "../../sidecar/outbound/shared-ejections.ts";
import type { Failed } from "../../sidecar/stack/outcome.ts";
import { Sweep } from "../../sidecar/stack/sweep.ts";
import { connectBus } from "../../src/bus/nats-bus.ts";
import { pack } from "../../src/registry/frame.ts";
import type { InstanceRow } from "../../src/registry/wire.ts";
import { getJson, type RealMesh, realMesh } from "../registry/real-mesh.ts";
import { publishRefused, subscribeRefused } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

const failed: Failed = {
  ...{ kind: "failed", code: "gone", message: "it is gone", delivered: "unknown", tried: 1 },
} as Failed;

/** A caller of `orders`, with the identity and the permissions of its own service. */
async function callerOf(t: TestContext, mesh: RealMesh, service: string, rows: readonly InstanceRow[]) {
  const { credentials } = await mesh.instance(service);
  const bus = await connectBus(credentials, service);
  const heard: string[] = [];
  const sweep = new Sweep();
  const shared = new SharedEjections({
    ...{ bus, caller: service },
    heard: (callee, instance, caller) => {
      heard.push(`${caller}: ${callee} ${instance}`);
      callees.hinted(callee, instance, caller);
    },
  });
  const callees: Callees = new Callees({
    caller: service,
    policies: { get: () => undefined, whenKnown: async () => {}, onChange: () => () => {} },
    instances: () => rows,
    allInstances: () => ({ orders: rows }),
    balancerParts: { zone: undefined, random: () => 0.5, hash: () => 0, retryAfterMs: () => undefined },
    ejected: (callee, instance) => instance !== "" && shared.tell(callee, instance),
    followHints: (callee) => shared.follow(callee),
    sweep,
  });
  t.after(async () => {
    callees.close();
    await bus.close();
  });
  const endpoint = (instance: string) => callees.balancerFor("orders").endpoint(instance)!;
  endpoint(rows[0]!.instance);
  await bus.flush();
  /** How many calls in a row fail until it ejects the instance. */
  const failUntilEjected = (instance: string): number => {
    let failures = 0;
    while (endpoint(instance).state === "admitting") {
      endpoint(instance).began(sweep.now());
      endpoint(instance).ended(failed, 1, sweep.now(), false);
      failures++;
    }
    return failures;
  };
  return { bus, heard, endpoint, failUntilEjected };
}

for (const server of natsServers())
  test(`nats-server ${server.label}: hints of ejected instances under attack`, async (t) => {
    const mesh = await realMesh(t, server);
    const { url } = await mesh.startRegistry();
    const up = [await mesh.startInstance("orders"), await mesh.startInstance("orders")];
    const names = up.map(({ instance }) => instance);
    const rows = names.map((instance) => ({ service: "orders", instance, version: "1", startedAt: 1 }));
    await until(async () => (await getJson(`${url}/v1/health`)).instances === 2);
    const shop = await callerOf(t, mesh, "shop", rows);
    const evil = await mesh.instance("evil");
    const attacker = await mesh.connect(evil.credentials);
    const drops = async () => (await getJson(`${url}/v1/health`)).drops;
    const hint = (instance: string) =>
      attacker.nc.publish("reg.get.hint.evil", pack({ service: "orders", instance }));

    await t.test("nobody hints in another's name, nor instead of the registry", async () => {
      await publishRefused(attacker, "reg.get.hint.web");
      await publishRefused(attacker, "reg.get.hint.shop");
      await publishRefused(attacker, "reg.ev.hint.orders.web");
      await publishRefused(attacker, "reg.ev.hint.orders.evil");
      await subscribeRefused(attacker, "reg.get.hint.*");
    });

    await t.test("what cannot be read, or names no instance, is dropped and counted", async () => {
      attacker.nc.publish("reg.get.hint.evil", Buffer.alloc(4096));
      attacker.nc.publish("reg.get.hint.evil", pack({ service: "orders.>", instance: "*" }));
      attacker.nc.publish("reg.get.hint.evil", pack({ service: "billing", instance: "i1" }));
      hint("nobody");
      await until(async () => (await drops())["hint-unknown"] === 2);
      assert.equal((await drops())["hint-bad"], 2);
      assert.deepEqual(shop.heard, []);
    });

    await t.test("a service that hints everything ejects nobody and lowers no threshold", async () => {
      const startedAt = performance.now();
      for (let i = 0; i < 20_000; i++) hint(names[i % 2]!);
      // How many are dropped depends on how fast they come; on a busy machine they take their time.
      await until(async () => (await drops())["hint-flood"] > 2000, { withinMs: 30_000 });
      await until(() => shop.heard.length >= 2);
      await attacker.nc.flush();
      // Each of the two once in five seconds.
      const most = 2 * Math.ceil((performance.now() - startedAt) / 5000 + 1);
      assert.ok(shop.heard.length <= most, `${shop.heard.length} of 20000 were passed on`);
      for (const line of shop.heard) assert.match(line, /^evil: orders /);
      for (const instance of names) assert.equal(shop.endpoint(instance).state, "admitting");
      assert.equal(shop.failUntilEjected(names[0]!), 7);
    });

    await t.test("two callers that have ejected an instance lower the threshold of a third", async () => {
      const web = await callerOf(t, mesh, "web", rows);
      const mobile = await callerOf(t, mesh, "mobile", rows);
      const admin = await callerOf(t, mesh, "back-office", rows);
      assert.equal(web.failUntilEjected(names[1]!), 7);
      await until(() => admin.heard.includes(`web: orders ${names[1]}`));
      assert.equal(mobile.failUntilEjected(names[1]!), 7);
      await until(() => admin.heard.includes(`mobile: orders ${names[1]}`));
      assert.equal(admin.endpoint(names[1]!).state, "admitting", "hints alone eject nobody");
      assert.equal(admin.failUntilEjected(names[1]!), 3);
    });
  });
