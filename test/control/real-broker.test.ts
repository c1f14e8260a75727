import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ADMIN_TOKEN, getJson, realMesh } from "../registry/real-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";
import { aPolicy, aRoute } from "./editor-scene.ts";

const MIB = 1024 * 1024;

async function post(url: string, what: string, body: unknown) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${ADMIN_TOKEN}` };
  const response = await fetch(`${url}/v1/policy/${what}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: what an answer is made of is tested with the routes.
  return { status: response.status, body: (await response.json()) as any };
}

for (const server of natsServers())
  describe(`policy in a secured mesh on nats-server ${server.label}`, { concurrency: false }, () => {
    test("outlives its registry, and two registries tell the same", async (t) => {
      const mesh = await realMesh(t, server);
      await mesh.startInstance("orders", "1");
      const first = await mesh.startRegistry();
      const second = await mesh.startRegistry();
      for (const { url } of [first, second])
        await until(async () => (await getJson(`${url}/v1/services`)).services.length === 1);
      const unknown = await post(first.url, "apply", { resources: [aRoute("a", { service: "order" })] });
      assert.deepEqual([unknown.status, unknown.body.findings[0].code], [422, "unknown-service"]);
      const applied = await post(first.url, "apply", { resources: [aRoute("a"), aPolicy("orders")] });
      assert.deepEqual([applied.status, applied.body.revision], [200, 1], JSON.stringify(applied.body));
      await until(async () => (await getJson(`${second.url}/v1/policy`)).revision === 1, { withinMs: 1000 });
      const both = await Promise.all(
        [first, second].map(({ url }, i) =>
          post(url, "apply", { resources: [aRoute(`both${i}`, { path: `/${i}` })] }),
        ),
      );
      assert.deepEqual(
        both.map(({ status }) => status),
        [200, 200],
      );
      await first.close();
      await second.close();
      const third = await mesh.startRegistry();
      // A registry answers before a slow store has told it everything.
      const policy = await until(async () => {
        const told = await getJson(`${third.url}/v1/policy`);
        return told.resources === undefined ? undefined : told;
      });
      assert.deepEqual([policy.revision, policy.resources.length, policy.store.state], [3, 4, "kept"]);
      assert.equal(policy.lineage, (await getJson(`${third.url}/v1/policy/history/1`)).lineage);
      assert.equal((await getJson(`${third.url}/v1/policy/history`)).revisions.length, 4);
    });

    test("goes on while the broker is away, and can be changed when it is back", async (t) => {
      const mesh = await realMesh(t, server);
      const { url } = await mesh.startRegistry();
      const soon = { resources: [aRoute("a")], allowUnknown: true };
      assert.equal((await post(url, "apply", soon)).status, 200);
      await mesh.broker.stop();
      const away = await post(url, "apply", { resources: [aRoute("b", { path: "/b" })], allowUnknown: true });
      assert.deepEqual([away.status, away.body.error.code], [503, "store-away"]);
      assert.equal((await getJson(`${url}/v1/policy`)).resources.length, 1);
      await mesh.restartBroker();
      const back = async () =>
        (await post(url, "apply", { ...soon, resources: [aRoute("c", { path: "/c" })] })).status === 200;
      await until(back, { withinMs: 15_000 });
    });

    test("1,000 routes and 200 policies are applied at once", async (t) => {
      const mesh = await realMesh(t, server);
      const { url } = await mesh.startRegistry();
      const services = Array.from({ length: 200 }, (_, i) => `service-${i}`);
      const resources = services.flatMap((service) => [
        aPolicy(service),
        ...Array.from({ length: 5 }, (_, i) => aRoute(`${service}-${i}`, { service, path: `/part/${i}` })),
      ]);
      const { status, body } = await post(url, "apply", { resources, allowUnknown: true });
      assert.deepEqual([status, body.changes?.length], [200, 1200]);
    });

    test("a request that is too large is answered, not cut off", async (t) => {
      const mesh = await realMesh(t, server);
      const { url } = await mesh.startRegistry();
      const { status, body } = await post(url, "apply", { resources: ["x".repeat(5 * MIB)] });
      assert.deepEqual([status, body.error.code], [413, "too-large"]);
    });
  });
