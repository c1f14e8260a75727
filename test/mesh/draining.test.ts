import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { testBroker } from "../support/broker.ts";
import { Drain, start } from "../support/flow.ts";
import { answersIds, Load } from "../support/load.ts";
import { handledApp, testApp, testSidecar } from "../support/mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

for (const server of natsServers())
  test(`nats-server ${server.label}: instances come and leave under a steady load, and no call fails or is repeated`, async (t) => {
    const broker = await testBroker(t, { server });
    const ids = answersIds();
    const app = await testApp(t, ids.handle);
    const shop = await testSidecar(broker, "shop");
    await testSidecar(broker, "orders", { app });
    const load = new Load(t, shop.listen, 8);
    for (let i = 0; i < 5; i++) {
      const second = await testSidecar(broker, "orders", { app });
      const before = load.ends.length;
      await until(() => load.ends.length > before + 50);
      await second.leave(5000);
      await second.close(0);
    }
    await load.stop();
    assert.deepEqual(load.failed.slice(0, 5), [], `of ${load.ends.length} calls`);
    assert.deepEqual(ids.twice(), []);
  });

test("an instance that leaves finishes what it has, and new calls go to the other one", async (t) => {
  const broker = await testBroker(t);
  const leavingApp = await handledApp(t);
  const shop = await testSidecar(broker, "shop");
  const leaving = await testSidecar(broker, "orders", { app: leavingApp });
  const slow = start(t, shop.listen, "POST");
  slow.sent.end("slow");
  const stream = start(t, shop.listen, "GET");
  stream.sent.end();
  const slowAtApp = await leavingApp.next();
  const streamAtApp = await leavingApp.next();
  const [slowResponse, streamResponse] =
    slowAtApp.request.method === "POST"
      ? [slowAtApp.response, streamAtApp.response]
      : [streamAtApp.response, slowAtApp.response];
  streamResponse.write("begun ");
  const drain = new Drain(await stream.answer);

  const other = await testApp(t, (_request, response) => response.end("other"));
  await testSidecar(broker, "orders", { app: other });
  let left = false;
  const leave = leaving.leave(10_000).then(() => {
    left = true;
  });
  await until(() => !leaving.readiness().ready);
  // One for its last heartbeat, one for its leaving the queue groups, which comes behind that.
  for (let i = 0; i < 3; i++) await leaving.bus.flush();
  for (let i = 0; i < 10; i++) assert.equal((await ask(shop.listen, "orders.mesh")).text, "other");
  assert.equal(left, false);
  slowResponse.end("slow");
  assert.equal((await slow.answer).statusCode, 200);
  assert.equal(left, false);
  streamResponse.end("and ended");
  await drain.done();
  await leave;
});

test("leaving has a hard cap, and what is cut off by it is told as gone", async (t) => {
  const broker = await testBroker(t);
  const app = await handledApp(t);
  const shop = await testSidecar(broker, "shop");
  const leaving = await testSidecar(broker, "orders", { app });
  const call = ask(shop.listen, "orders.mesh");
  await app.next();
  const startedAt = performance.now();
  await leaving.leave(100);
  assert.ok(performance.now() - startedAt < 5000);
  await leaving.close(0);
  const answer = await call;
  assert.equal(answer.status, 502);
  assert.equal(answer.headers["weft-error"], "gone");
});

test("the way out stays open while an instance leaves, for the app's own last calls", async (t) => {
  const broker = await testBroker(t);
  const app = await testApp(t, (_request, response) => response.end("stock"));
  await testSidecar(broker, "stock", { app });
  const orders = await testSidecar(broker, "orders", { app });
  await orders.leave(1000);
  assert.equal((await ask(orders.listen, "stock.mesh")).text, "stock");
});
