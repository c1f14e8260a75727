import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { startRegistry } from "../../src/control/start.ts";
import { ask } from "../support/ask.ts";
import { type TestBroker, testBroker } from "../support/broker.ts";
import { Drain, start } from "../support/flow.ts";
import { handledApp, type SidecarUnderTest, testApp, testSidecar } from "../support/mesh.ts";
import { openCredentials } from "../support/open-credentials.ts";
import { sidecarProcess } from "../support/sidecar-process.ts";
import { until } from "../support/until.ts";

const silent = { info() {}, warn() {}, error() {} };

async function registryOn(broker: TestBroker) {
  const registry = await startRegistry({
    credentials: openCredentials(broker.url),
    http: { port: 0 },
    adminToken: "an-admin-token",
    log: silent,
  });
  broker.beforeEnd(() => registry.close());
  return registry;
}

/** What a sidecar says of the registry, and the instances of `orders` that it knows. */
async function endpoints(sidecar: SidecarUnderTest) {
  const { registry, services } = JSON.parse((await ask(sidecar.admin!, "localhost", "/endpoints")).text);
  const known: string[] = [];
  JSON.stringify(services, (key, value) => {
    if (key === "instance") known.push(value);
    return value;
  });
  return { registry: registry.kind as string, known };
}

const knows = (sidecar: SidecarUnderTest, ...instances: string[]) =>
  until(async () => String((await endpoints(sidecar)).known.sort()) === String(instances.sort()), {
    withinMs: 15_000,
    what: `a sidecar to know ${instances.join(" and ") || "nobody"}`,
  });

async function registered(t: TestContext) {
  const broker = await testBroker(t);
  const registry = await registryOn(broker);
  const app = await handledApp(t);
  const shop = await testSidecar(broker, "shop");
  return { broker, registry, app, shop };
}

// Each waits for real seconds of silence, so they wait together.
describe("with the registry running", { concurrency: true }, () => {
  test("a call ends with gone when the instance that confirmed it is killed, long before its deadline", async (t) => {
    const { broker, app, shop } = await registered(t);
    const orders = await sidecarProcess(broker, "orders", app.port);
    const headers = { "weft-timeout": "10m" };
    const stream = start(t, shop.listen, "GET", "/", headers);
    stream.sent.end();
    (await app.next()).response.write("begun");
    const call = start(t, shop.listen, "POST", "/", headers);
    call.sent.write("What comes behind this is sent when the receipt is here.");
    const upload = new Drain((await app.next()).request);
    call.sent.end("Now it is.");
    await upload.done();
    const drain = new Drain(await stream.answer);
    await knows(shop, "p1");
    orders.kill();
    await knows(shop);
    const answer = await call.answer;
    assert.equal(answer.statusCode, 502);
    assert.equal(answer.headers["weft-error"], "gone");
    await until(() => drain.broken);
    assert.equal((await ask(shop.listen, "orders.mesh")).headers["weft-error"], "no-instance");
  });

  test("an instance that leaves is no longer known, and still finishes the calls that it has", async (t) => {
    const { broker, app, shop } = await registered(t);
    const orders = await testSidecar(broker, "orders", { app });
    const call = start(t, shop.listen, "POST");
    call.sent.end();
    const { response } = await app.next();
    await knows(shop, orders.instance);
    const leave = orders.leave(10_000);
    await knows(shop);
    response.end("finished");
    assert.equal((await call.answer).statusCode, 200);
    await leave;
  });

  test("traffic goes on while the registry is away, and the sidecar says so and keeps what it knew", async (t) => {
    const { broker, registry, shop } = await registered(t);
    const app = await testApp(t, (_request, response) => response.end("served"));
    const orders = await testSidecar(broker, "orders", { app });
    const serves = async () => assert.equal((await ask(shop.listen, "orders.mesh")).text, "served");
    await serves();
    await knows(shop, orders.instance);
    assert.equal((await endpoints(shop)).registry, "following");
    await registry.close();
    await serves();
    await until(async () => (await endpoints(shop)).registry === "away", { withinMs: 12_000 });
    assert.ok(
      shop.said.some((line) => line.startsWith("warn: the registry is away")),
      String(shop.said),
    );
    const config = JSON.parse((await ask(shop.admin!, "localhost", "/config")).text);
    assert.equal(config.registry.kind, "away");
    assert.match((await ask(shop.admin!, "localhost", "/metrics")).text, /^weft_registry_live 0$/m);
    assert.deepEqual((await endpoints(shop)).known, [orders.instance]);
    assert.equal(shop.readiness().ready, true);
    await serves();

    await registryOn(broker);
    await until(async () => (await endpoints(shop)).registry === "following", { withinMs: 12_000 });
    await knows(shop, orders.instance);
    await serves();
  });
});
