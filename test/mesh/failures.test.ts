import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { testBroker } from "../support/broker.ts";
import { Source, start } from "../support/flow.ts";
import { answersIds, Load } from "../support/load.ts";
import { handledApp, testApp, testSidecar } from "../support/mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";
import { wireApp } from "../support/wire.ts";

test("a service without an instance is answered 503 at once, whatever the method", async (t) => {
  const broker = await testBroker(t);
  const shop = await testSidecar(broker, "shop");
  for (const method of ["GET", "POST", "DELETE"]) {
    const startedAt = performance.now();
    const answer = await ask(shop.listen, "orders.mesh", "/", { method });
    assert.equal(answer.status, 503);
    assert.equal(answer.headers["weft-error"], "no-instance");
    assert.match(answer.text, /orders has no instance, after 3 attempts/);
    assert.ok(performance.now() - startedAt < 5000);
  }
});

test("an upload to nobody is answered at once, and need not be sent to its end", async (t) => {
  const broker = await testBroker(t);
  const shop = await testSidecar(broker, "shop");
  const { sent, answer } = start(t, shop.listen, "PUT", "/", { "content-length": 1024 ** 3 });
  sent.on("error", () => {});
  const up = new Source(sent, 1024 ** 3);
  const refused = await answer;
  assert.equal(refused.headers["weft-error"], "no-instance");
  assert.equal(refused.headers.connection, "close");
  refused.resume();
  await until(() => sent.closed || sent.destroyed);
  assert.ok(up.written < 64 * 1024 * 1024, `${up.written} bytes were sent for nothing`);
});

for (const server of natsServers())
  test(`nats-server ${server.label}: of two instances one app is dead: no call fails, whatever the method`, async (t) => {
    const broker = await testBroker(t, { server });
    const ids = answersIds();
    const app = await testApp(t, ids.handle);
    const dying = await wireApp(t);
    // Several attempts may meet the dead one by chance, so there are more than by default.
    const shop = await testSidecar(broker, "shop", { limits: { retries: 20 } });
    await testSidecar(broker, "orders", { app });
    await testSidecar(broker, "orders", { app: { host: dying.host, port: dying.port }, instance: "dead" });
    dying.die();
    for (const method of ["POST", "GET", "DELETE"]) {
      const load = new Load(t, shop.listen, 4, method);
      await until(() => load.ends.length >= 40);
      await load.stop();
      assert.deepEqual(load.failed, []);
      ids.seen.clear();
    }
    const metrics = (await ask(shop.admin!, "localhost", "/metrics")).text;
    const attempts = Number(/^weft_client_attempts_total (\d+)$/m.exec(metrics)?.[1]);
    assert.ok(attempts > 120, `the dead one was met: ${attempts} attempts`);
  });

test("the app sees which attempt it is", async (t) => {
  const broker = await testBroker(t);
  const app = await testApp(t, (request, response) => response.end(request.headers["weft-attempt"]));
  const dying = await wireApp(t);
  const shop = await testSidecar(broker, "shop", { limits: { retries: 20 } });
  await testSidecar(broker, "orders", { app });
  await testSidecar(broker, "orders", { app: { host: dying.host, port: dying.port } });
  dying.die();
  await until(async () => (await ask(shop.listen, "orders.mesh")).text === "2", { what: "a second attempt" });
});

test("a call whose only app is dead is told as app-unreachable, with what was tried", async (t) => {
  const broker = await testBroker(t);
  const dying = await wireApp(t);
  const shop = await testSidecar(broker, "shop");
  await testSidecar(broker, "orders", { app: { host: dying.host, port: dying.port } });
  dying.die();
  const answer = await ask(shop.listen, "orders.mesh");
  assert.equal(answer.status, 503);
  assert.equal(answer.headers["weft-error"], "app-unreachable");
  assert.match(answer.text, new RegExp(`127.0.0.1:${dying.port} cannot be reached.*, after 3 attempts`));
});

test("an app that is down for good leaves the mesh, and comes back when it is up", async (t) => {
  const broker = await testBroker(t);
  let healthy = true;
  const app = await testApp(t, (request, response) =>
    response.writeHead(request.url === "/health" && !healthy ? 500 : 200).end(),
  );
  const shop = await testSidecar(broker, "shop", { limits: { retries: 0 } });
  const orders = await testSidecar(broker, "orders", { app, healthPath: "/health" });
  assert.equal((await ask(shop.listen, "orders.mesh")).status, 200);
  healthy = false;
  await until(() => !orders.readiness().ready);
  assert.match(orders.readiness().reasons.join(), /GET \/health answers 500/);
  assert.equal((await ask(orders.admin!, "localhost", "/ready")).status, 503);
  await until(async () => (await ask(shop.listen, "orders.mesh")).headers["weft-error"] === "no-instance");
  healthy = true;
  await until(async () => (await ask(shop.listen, "orders.mesh")).status === 200);
});

test("more calls than may wait are refused as overflow", async (t) => {
  const broker = await testBroker(t);
  const app = await handledApp(t);
  await testSidecar(broker, "orders", { app });
  const shop = await testSidecar(broker, "shop", { limits: { maxPending: 2 } });
  const waiting = [ask(shop.listen, "orders.mesh"), ask(shop.listen, "orders.mesh")];
  const answers = [await app.next(), await app.next()];
  const refused = await ask(shop.listen, "orders.mesh");
  assert.equal(refused.status, 503);
  assert.equal(refused.headers["weft-error"], "overflow");
  for (const { response } of answers) response.end();
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [200, 200],
  );
});
