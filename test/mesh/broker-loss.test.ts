import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ask } from "../support/ask.ts";
import { type TestBroker, testBroker } from "../support/broker.ts";
import { bytes, Drain, hashOf, start } from "../support/flow.ts";
import { answersIds, Load } from "../support/load.ts";
import { handledApp, testApp, testSidecar } from "../support/mesh.ts";
import { meshPair } from "../support/mesh-pair.ts";
import { natsServers, type TestServer } from "../support/servers.ts";
import { until } from "../support/until.ts";

/** SIGSTOP: connections stay, and nobody answers on them. */
function pause(broker: TestBroker): () => void {
  const go = () => void process.kill(broker.pid, "SIGCONT");
  broker.beforeEnd(async () => go());
  process.kill(broker.pid, "SIGSTOP");
  return go;
}

/** SIGKILL, so that the broker says nothing to anybody. */
const kill = (broker: TestBroker) => process.kill(broker.pid, "SIGKILL");

const again = (t: TestContext, { port }: TestBroker, config = "", server?: TestServer) =>
  testBroker(t, { port, config, ...(server === undefined ? {} : { server }) });

for (const server of natsServers())
  test(`nats-server ${server.label}: the broker is killed under load: calls fail fast with broker-away, all recovers after its restart, nothing hangs or is repeated`, async (t) => {
    const ids = answersIds();
    const app = await testApp(t, ids.handle);
    const { broker, shop, orders } = await meshPair(t, app, { server });
    const load = new Load(t, shop.listen, 8);
    await until(() => load.ends.length > 50);
    kill(broker);
    await until(() => shop.bus.state.kind === "away" && orders.bus.state.kind === "away");
    assert.match(shop.readiness().reasons.join(), /the broker is away/);
    const away = await ask(shop.listen, "orders.mesh");
    assert.equal(away.status, 503);
    assert.equal(away.headers["weft-error"], "broker-away");
    const before = load.ends.length;
    await until(() => load.ends.length > before + 50, { what: "calls to fail fast" });

    await again(t, broker, "", server);
    await until(() => shop.readiness().ready && orders.readiness().ready);
    await until(async () => (await ask(shop.listen, "orders.mesh", "/x")).status === 200);
    const recovered = load.ends.length;
    await until(() => load.ends.slice(recovered).filter(({ status }) => status === 200).length > 50);
    await load.stop();
    const codes = new Set(load.failed.map(({ code }) => code));
    // Of two ends that reconnect the caller may be first, and find nobody.
    const expected = ["broker-away", "broker-lost", "no-instance"];
    for (const code of codes) assert.ok(expected.includes(String(code)), String(code));
    assert.ok(codes.has("broker-away"));
    assert.ok(Math.max(...load.ends.map(({ tookMs }) => tookMs)) < 4000, "no call hung");
    assert.deepEqual(ids.twice(), []);
    assert.equal(new Set(load.ends.map(({ id }) => id)).size, load.ends.length, "each was answered once");
  });

test("calls wait for the broker when they are told to, and go on when it is back", async (t) => {
  const app = await testApp(t, (_request, response) => response.end("back"));
  const { broker, shop, orders } = await meshPair(t, app, {
    shop: { limits: { brokerWaitMs: 10_000, retries: 60 } },
  });
  kill(broker);
  await until(() => shop.bus.state.kind === "away" && orders.bus.state.kind === "away");
  const impatient = await ask(shop.listen, "orders.mesh", "/", { headers: { "weft-timeout": "100ms" } });
  assert.equal(impatient.headers["weft-error"], "deadline");
  const waiting = Array.from({ length: 10 }, () =>
    ask(shop.listen, "v1.orders.mesh", "/", { method: "POST", body: "x" }),
  );
  await again(t, broker);
  for (const { status, text } of await Promise.all(waiting)) assert.deepEqual([status, text], [200, "back"]);
});

test("calls that waited for the broker in vain are told so", async (t) => {
  const app = await testApp(t, (_request, response) => response.end());
  const { broker, shop } = await meshPair(t, app, { shop: { limits: { brokerWaitMs: 100 } } });
  kill(broker);
  await until(() => shop.bus.state.kind === "away");
  const answer = await ask(shop.listen, "orders.mesh");
  assert.equal(answer.headers["weft-error"], "broker-away");
  assert.match(answer.text, /no connection to the broker for 100 ms/);
});

test("what is under way when the broker is lost ends at once on both sides: calls, uploads, downloads", async (t) => {
  const app = await handledApp(t);
  const { broker, shop } = await meshPair(t, app);
  const call = ask(shop.listen, "orders.mesh");
  const callAtApp = await app.next();
  const up = start(t, shop.listen, "PUT");
  up.sent.write("some");
  const upAtApp = await app.next();
  const down = start(t, shop.listen, "GET");
  down.sent.end();
  const downAtApp = await app.next();
  downAtApp.response.write("some");
  const drain = new Drain(await down.answer);
  await until(() => drain.read === 4);

  kill(broker);
  const withinMs = 2000;
  assert.equal((await call).headers["weft-error"], "broker-lost");
  assert.equal((await up.answer).headers["weft-error"], "broker-lost");
  await until(() => drain.broken, { withinMs });
  for (const { response } of [callAtApp, upAtApp, downAtApp])
    await until(() => response.closed, { withinMs });
});

test("a broker that stands still for a moment costs time, and no call", async (t) => {
  const ids = answersIds();
  const app = await testApp(t, ids.handle);
  const { broker, shop } = await meshPair(t, app);
  const load = new Load(t, shop.listen, 4);
  await until(() => load.ends.length > 20);
  const go = pause(broker);
  const stoppedAt = performance.now();
  await until(() => performance.now() - stoppedAt > 500);
  const stood = load.ends.length;
  go();
  await until(() => load.ends.length > stood + 50);
  await load.stop();
  assert.deepEqual(load.failed, []);
  assert.deepEqual(ids.twice(), []);
});

test("a broker that stands still does not outlast a deadline", async (t) => {
  const app = await testApp(t, (_request, response) => response.end());
  const { broker, shop } = await meshPair(t, app);
  const go = pause(broker);
  const answer = await ask(shop.listen, "orders.mesh", "/", { headers: { "weft-timeout": "200ms" } });
  go();
  assert.equal(answer.headers["weft-error"], "deadline");
  assert.equal((await ask(shop.listen, "orders.mesh")).status, 200);
});

test("the size of messages follows what the broker says at each reconnect", async (t) => {
  const app = await testApp(t, (request, response) => request.pipe(response));
  const { broker, shop, orders } = await meshPair(t, app);
  kill(broker);
  await until(() => shop.bus.state.kind === "away" && orders.bus.state.kind === "away");
  await again(t, broker, "max_payload: 4096");
  await until(() => shop.bus.maxPayload === 4096 && orders.bus.maxPayload === 4096);
  await until(async () => (await ask(shop.listen, "orders.mesh")).status === 200);
  const body = bytes(1024 * 1024);
  const { sent, answer } = start(t, shop.listen, "POST");
  sent.end(body);
  assert.equal(await new Drain(await answer).done(), hashOf(body));
});

test("a caller can be started again while the broker stays, and the old one's calls are cancelled", async (t) => {
  const broker = await testBroker(t);
  const app = await handledApp(t);
  await testSidecar(broker, "orders", { app });
  const shop = await testSidecar(broker, "shop");
  const call = ask(shop.listen, "orders.mesh").catch(() => "cut");
  const { response } = await app.next();
  await shop.close(0);
  assert.equal(await call, "cut");
  await until(() => response.closed, { withinMs: 1000 });
});
