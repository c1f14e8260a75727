import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pack } from "../../src/registry/frame.ts";
import { registry as subjects } from "../../src/subjects/subjects.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";
import { beat } from "./beats.ts";
import { getJson, realMesh } from "./real-mesh.ts";

// Side by side, because each of them mostly waits for silence to last.
describe("the registry on a real broker", { concurrency: true }, () => {
  for (const server of natsServers()) {
    test(`on nats-server ${server.label} a sidecar's table outlives the registry and follows the next one`, async (t) => {
      const mesh = await realMesh(t, server);
      const first = await mesh.startRegistry();
      const a = await mesh.startInstance("orders", "1", { zone: "north" });
      const b = await mesh.startInstance("orders", "2");
      const { table } = await mesh.startTable("shop");
      const gone: string[] = [];
      table.onGone((_, instance, reason) => gone.push(`${instance} ${reason}`));
      const names = () => table.instances("orders").map(({ instance }) => instance);
      const both = [a.instance, b.instance].sort();
      await until(() => names().length === 2);
      assert.deepEqual(names().sort(), both);
      await until(async () => (await getJson(`${first.url}/v1/health`)).store.waiting === 0);

      await first.close();
      await until(() => table.state.kind === "away");
      assert.deepEqual(names().sort(), both);
      await b.beats.leave();

      const second = await mesh.startRegistry();
      const { services } = await getJson(`${second.url}/v1/services`);
      assert.deepEqual(services[0].versions.sort(), ["1", "2"]);
      const { instances } = await getJson(`${second.url}/v1/instances?state=up`);
      assert.equal(instances.length, 2, "both are as last known, until they are silent for too long");
      await until(() => table.state.kind === "following");
      const c = await mesh.startInstance("orders");
      await until(() => names().includes(c.instance) && !names().includes(b.instance), { withinMs: 10_000 });
      assert.deepEqual(names().sort(), [a.instance, c.instance].sort());
      assert.deepEqual(gone, [`${b.instance} silent`]);

      await a.beats.leave();
      await until(() => gone.length === 2);
      assert.equal(gone[1], `${a.instance} left`);
    });

    test(`on nats-server ${server.label} the registry and the tables come through a restart of the broker`, async (t) => {
      const mesh = await realMesh(t, server);
      const { url } = await mesh.startRegistry();
      await mesh.startInstance("orders");
      const { table } = await mesh.startTable("shop");
      const gone: string[] = [];
      table.onGone((service) => gone.push(service));
      await until(() => table.instances("orders").length === 1);
      await mesh.restartBroker();
      await until(async () => (await getJson(`${url}/v1/health`)).settled, { withinMs: 15_000 });
      await until(() => table.state.kind === "following", { withinMs: 10_000 });
      await until(async () => (await getJson(`${url}/v1/health`)).status === "ok", { withinMs: 15_000 });
      assert.equal(table.instances("orders").length, 1);
      assert.deepEqual(gone, []);
      await mesh.startInstance("orders");
      await until(() => table.instances("orders").length === 2, { withinMs: 10_000 });
    });

    test(`on nats-server ${server.label} nobody beats for another`, async (t) => {
      const mesh = await realMesh(t, server);
      const { url } = await mesh.startRegistry();
      const victim = await mesh.startInstance("billing");
      const evil = await mesh.startInstance("orders");
      const denied: string[] = [];
      evil.bus.onDenied((subject) => denied.push(subject));
      const leave = beat({ service: "billing", instance: victim.instance, sequence: 999, state: "leaving" });
      evil.bus.send(subjects.heartbeat("billing", victim.instance), pack(leave));
      evil.bus.send(subjects.heartbeat("orders", evil.instance), pack(leave));
      evil.bus.send(subjects.event("billing"), pack(leave));
      await until(() => denied.length === 2);
      assert.deepEqual(denied.sort(), ["reg.ev.i.billing", `reg.hb.billing.${victim.instance}`]);
      const health = await until(async () => {
        const health = await getJson(`${url}/v1/health`);
        return health.drops["beat-forged"] && health;
      });
      assert.equal(health.drops["beat-forged"], 1);
      assert.equal(health.instances, 2);
    });
  }
});
