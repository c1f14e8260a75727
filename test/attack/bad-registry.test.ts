import assert from "node:assert/strict";
import { test } from "node:test";
import { startSidecar } from "../../sidecar/sidecar.ts";
import { connectBus } from "../../src/bus/nats-bus.ts";
import type { Identity } from "../../src/identity/member/identity.ts";
import { pack } from "../../src/registry/frame.ts";
import type { Alive, InstanceEvent, Snapshot } from "../../src/registry/wire.ts";
import { registry } from "../../src/subjects/subjects.ts";
import { ask } from "../support/ask.ts";
import { testApp } from "../support/mesh.ts";
import { publishRefused, securedMesh } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

const START = 1_000_000;

for (const server of natsServers())
  test(`nats-server ${server.label}: a registry that lies about instances can lose calls, and give them to nobody else`, async (t) => {
    const mesh = await securedMesh(t, server);
    const [shop, billing, evil] = [
      await mesh.instance("shop"),
      await mesh.instance("billing"),
      await mesh.instance("evil"),
    ];
    const seen: (string | undefined)[] = [];
    const app = await testApp(t, (request, response) => {
      seen.push(request.headers["weft-caller"] as string);
      response.end("billing");
    });
    const sidecarOf = async ({ service, instance, version, credentials }: Identity, more = {}) => {
      const bus = await connectBus(credentials, service);
      const sidecar = await startSidecar({
        ...{ mesh: "mesh", service, instance, version, bus, listen: { host: "127.0.0.1", port: 0 } },
        ...more,
      });
      t.after(async () => {
        await sidecar.close(0);
        await bus.close();
      });
      await bus.flush();
      return sidecar;
    };
    const caller = await sidecarOf(shop);
    const callee = await sidecarOf(billing, { app: { host: app.host, port: app.port } });
    await until(() => callee.readiness().ready);

    // The accomplice listens wherever its identity lets it.
    const accomplice = await mesh.connect(evil.credentials);
    const caught: string[] = [];
    const callback = (error: unknown, { subject }: { subject: string }) => {
      if (error === null) caught.push(subject); // an error says that the broker refused the subscription
    };
    for (const subject of [`mesh.billing.i-${evil.instance}.*`, `mesh.evil.i-${evil.instance}.*`])
      accomplice.nc.subscribe(subject, { callback });
    for (const subject of ["mesh.billing.v-1.*", "mesh.billing.any.*", "mesh.evil.any.*"])
      accomplice.nc.subscribe(subject, { queue: subject.split(".")[1]!, callback });
    await accomplice.nc.flush();

    // The registry says that the accomplice is the only instance of billing.
    const liar = await mesh.connect(mesh.part("registry"));
    const row = { service: "billing", instance: evil.instance, version: "1", startedAt: 1 };
    let asked = 0;
    liar.nc.subscribe(registry.everyGetOf("instances"), {
      callback: (_, { reply }) => {
        asked++;
        const snapshot: Snapshot = {
          ...{ registryStart: START, revision: 1, service: "billing", complete: true },
          ...{ instances: [row], versions: ["1"] },
        };
        if (reply) liar.nc.publish(reply, pack(snapshot));
      },
    });
    const alive: Alive = { registryStart: START, settled: true };
    liar.nc.publish(registry.alive, pack(alive));

    await t.test("no call for a service reaches another, whoever is said to be its instance", async () => {
      const answers = [];
      for (let i = 0; i < 30; i++) {
        answers.push(await ask(caller.listen, "billing.mesh", `/${i}`));
        if (i > 10) await until(() => asked > 0);
      }
      assert.deepEqual(caught, []);
      for (const { status, text, headers } of answers)
        if (status === 200) assert.equal(text, "billing");
        else assert.ok(headers["weft-error"], `${status} ${text}`);
      assert.ok(seen.every((name) => name === "shop"));
    });

    await t.test(
      "what it says of a healthy instance's end only loses calls, and only until it stops",
      async () => {
        const gone: InstanceEvent = {
          ...{ kind: "gone", registryStart: START, revision: 2, previous: 1, reason: "silent" },
          row: { ...row, instance: billing.instance },
        };
        liar.nc.publish(registry.event("billing"), pack(gone));
        await liar.nc.flush();
        const answer = await ask(caller.listen, "billing.mesh", "/gone");
        assert.ok(answer.status === 200 ? answer.text === "billing" : answer.headers["weft-error"]);
        assert.deepEqual(caught, []);
      },
    );

    await t.test("it can neither call as a service, nor answer for one, nor beat for one", async () => {
      await publishRefused(liar, "mesh.billing.any.shop");
      await publishRefused(liar, "mesh.billing.any.registry");
      await publishRefused(liar, `_R.shop.${shop.instance}.billing.x1`);
      await publishRefused(liar, registry.heartbeat("billing", evil.instance));
    });
  });
