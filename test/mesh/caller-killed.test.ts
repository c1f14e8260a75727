import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { testBroker } from "../support/broker.ts";
import { handledApp, testSidecar } from "../support/mesh.ts";
import { natsServers } from "../support/servers.ts";
import { sidecarProcess } from "../support/sidecar-process.ts";
import { until } from "../support/until.ts";

for (const server of natsServers())
  test(`nats-server ${server.label}: what a killed caller had asked for is stopped in the app, and a living one's goes on`, async (t) => {
    const broker = await testBroker(t, { server });
    const app = await handledApp(t);
    await testSidecar(broker, "orders", { app });
    const shop = await sidecarProcess(broker, "shop");
    const billing = await testSidecar(broker, "billing");
    const lost = ask(shop.listen, "orders.mesh", "/").catch(() => undefined);
    const cut = await app.next();
    const kept = ask(billing.listen, "orders.mesh", "/");
    const { request, response } = await app.next();
    shop.kill();
    await lost;
    await until(() => cut.request.destroyed, { withinMs: 9000, what: "the app's request to be cancelled" });
    // A new connection of the one that lives is no reason to give it up.
    await billing.bus.renew();
    assert.equal(request.destroyed, false);
    response.end("well");
    assert.equal((await kept).text, "well");
  });
