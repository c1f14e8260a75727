import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { startRegistry } from "../../src/control/start.ts";
import { pack, readSnapshot } from "../../src/registry/frame.ts";
import { registry } from "../../src/subjects/subjects.ts";
import { securedMesh } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

for (const server of natsServers())
  test(`nats-server ${server.label}: the registry answers the asker only, wherever a request says the answer should go`, async (t) => {
    const mesh = await securedMesh(t, server);
    const running = await startRegistry({
      credentials: mesh.part("registry"),
      http: { port: 0 },
      adminToken: "an-admin-token",
      log: pino({ level: "silent" }),
    });
    t.after(() => running.close());
    const [orders, billing] = [await mesh.instance("orders"), await mesh.instance("billing")];
    const victim = await mesh.connect(billing.credentials);
    const evil = await mesh.connect(orders.credentials);
    const observer = await mesh.connect(mesh.part("admin"));
    const misled: string[] = [];
    const mislead = (_: unknown, { subject }: { subject: string }) => void misled.push(subject);
    victim.nc.subscribe(`_R.billing.${billing.instance}.>`, { callback: mislead });
    victim.nc.subscribe("mesh.billing.v-1.*", { queue: "billing", callback: mislead });
    victim.nc.subscribe("reg.ev.i.>", { callback: mislead });
    let answered = false;
    evil.nc.subscribe(`_R.orders.${orders.instance}.>`, {
      callback: (_, { data }) => {
        answered = readSnapshot(Buffer.from(data))?.service === "billing";
      },
    });
    await Promise.all([victim.nc.flush(), evil.nc.flush()]);

    const ask = registry.get("instances", "orders");
    const question = pack({ service: "billing" });
    const elsewhere = [
      `_R.billing.${billing.instance}.registry.x1`, // the registry may publish here: it has to look itself
      `_R.billing.${billing.instance}.orders.x1`,
      "mesh.billing.v-1.registry",
      "reg.ev.i.billing",
      "_INBOX.x",
    ];
    for (const reply of elsewhere) evil.nc.publish(ask, question, { reply });
    for (const reply of elsewhere.slice(0, -1)) observer.nc.publish("$SRV.PING", "", { reply });
    await observer.nc.flush();
    // Asked last, answered in order: when this answer is there, all the others would be.
    evil.nc.publish(ask, question, { reply: `_R.orders.${orders.instance}.registry.x2` });
    await until(() => answered);
    await victim.nc.flush();
    assert.deepEqual(misled, []);
  });
