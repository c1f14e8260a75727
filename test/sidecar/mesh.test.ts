import assert from "node:assert/strict";
import { test } from "node:test";
import { testBroker } from "../support/broker.ts";
import { ask } from "../support/ask.ts";
import { natsServers } from "../support/servers.ts";
import { testApp, testSidecar } from "../support/mesh.ts";

for (const server of natsServers()) {
  test(`nats-server ${server.label}: a call goes from app to app`, async (t) => {
    const broker = await testBroker(t, { server });
    const app = await testApp(t, (request, response) => {
      response.setHeader("X-App", "orders");
      response.end(JSON.stringify({ url: request.url, headers: request.rawHeaders }));
    });
    await testSidecar(t, broker, "orders", { app });
    const shop = await testSidecar(t, broker, "shop");
    const answer = await ask(shop.listen, "orders.mesh", "/things?a=1");
    console.log(answer.status, answer.text);
    console.log(await ask(shop.listen, "none.mesh"), await ask(shop.admin!, "localhost", "/metrics"));
    assert.equal(answer.status, 200);
  });
}
