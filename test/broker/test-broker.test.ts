import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "nats";
import { testBroker } from "../support/broker.ts";
import { natsServers } from "../support/servers.ts";

for (const server of natsServers()) {
  test(`a test gets a nats-server ${server.label} of its own`, async (t) => {
    const broker = await testBroker(t, { server });
    const nc = await connect({ servers: broker.url });
    nc.subscribe("echo", { callback: (_error, message) => void message.respond(message.data) });
    assert.equal((await nc.request("echo", "hello")).string(), "hello");
    assert.equal(nc.info?.version, server.label);
    await nc.close();
  });
}

test("a test's nats-server can come back on its port", async (t) => {
  const first = await testBroker(t);
  await first.stop();
  const second = await testBroker(t, { port: first.port });
  assert.equal(second.port, first.port);
});
