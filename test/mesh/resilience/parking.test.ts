import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connectBus } from "../../../src/bus/nats-bus.ts";
import { ask } from "../../support/ask.ts";
import { bytes, Drain, hashOf, Source, start } from "../../support/flow.ts";
import { handledApp, type SidecarUnderTest, testSidecar } from "../../support/mesh.ts";
import { openCredentials } from "../../support/open-credentials.ts";
import { policy, route, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { isGood, Offered, waysOf } from "./offered.ts";
import { seenTwice, timesSeen, type WorkingApp, workingApp } from "./working-app.ts";

const post = (from: SidecarUnderTest, path = "/", headers = {}) =>
  ask(from.listen, "orders.mesh", path, { method: "POST", body: path, headers });

const timed = async <T>(work: Promise<T>): Promise<[T, number]> => {
  const startedAt = performance.now();
  return [await work, performance.now() - startedAt];
};

/** A service that was there and has left, its policy, and a caller that knows both. */
async function deserted(t: TestContext, spec: object) {
  const mesh = await routedMesh(t);
  const app = await workingApp(t);
  const orders = await mesh.serve("orders", app);
  await mesh.apply(policy("orders", spec));
  const shop = await mesh.caller();
  assert.equal((await post(shop)).status, 200);
  await gone(orders);
  return { mesh, shop };
}

async function gone(sidecar: SidecarUnderTest): Promise<void> {
  await sidecar.leave(5000);
  await sidecar.close(0);
}

/** Waits until nobody is there in the eyes of the broker. */
const isHeld = async (shop: SidecarUnderTest) =>
  until(async () => (await post(shop, "/probe", { "weft-timeout": "100ms" })).status === 504);

for (const server of natsServers())
  test(`nats-server ${server.label}: the only instance is restarted under 200 calls a second, and nobody sees an error`, async (t) => {
    const mesh = await routedMesh(t, { server });
    const apps: WorkingApp[] = [];
    const startOne = async () => {
      const app = await workingApp(t, () => 5);
      apps.push(app);
      return { app, sidecar: await mesh.serve("orders", app) };
    };
    let { app, sidecar } = await startOne();
    await mesh.apply(policy("orders", { park: { maxWait: "10s", maxCalls: 2000 } }));
    const callers = [await mesh.caller("shop"), await mesh.caller("portal")].map(({ listen }) => listen);
    const methods = ["GET", "POST", "PUT", "DELETE", "PATCH"];
    const method = (i: number) => methods[i % methods.length]!;
    const offered = new Offered(t, callers, { perSecond: 200, method });
    for (let i = 0; i < 3; i++) {
      const before = offered.ends.length;
      await until(() => offered.ends.length > before + 50);
      await gone(sidecar);
      await app.stop();
      // As long as a small app takes to start.
      await delay(300);
      ({ app, sidecar } = await startOne());
    }
    const before = offered.ends.length;
    await until(() => offered.ends.length > before + 100);
    const ends = await offered.stop();
    const waits = ends.map(({ startedAt, endedAt }) => endedAt - startedAt).sort((a, b) => b - a);
    t.diagnostic(`${JSON.stringify(waysOf(ends))}, the longest wait ${Math.round(waits[0]!)} ms`);
    assert.deepEqual(waysOf(ends.filter((end) => !isGood(end))), {});
    assert.ok(waits[50]! > 100, "some were held");
    assert.deepEqual(seenTwice(apps), []);
    assert.equal(timesSeen(apps).size, offered.count);
  });

test("held calls wake as soon as the registry tells that an instance has come", async (t) => {
  const { mesh, shop } = await deserted(t, { park: { maxWait: "10s" } });
  const waits: number[] = [];
  for (let round = 0; round < 5; round++) {
    await isHeld(shop);
    const held = post(shop, "/held").then(() => performance.now());
    const app = await workingApp(t);
    const sidecar = await testSidecar(mesh.broker, "orders", { app });
    const readyAt = performance.now();
    waits.push((await held) - readyAt);
    await gone(sidecar);
  }
  waits.sort((a, b) => a - b);
  t.diagnostic(`after ${waits.map(Math.round)} ms`);
  // Left to themselves they would look after 125 ms to 375 ms.
  assert.ok(waits[2]! < 120, `half of them waited for more than ${waits[2]} ms`);
});

test("held calls are let go in their order, twenty first, and then more and more", async (t) => {
  const COUNT = 300;
  const { mesh } = await deserted(t, { park: { maxWait: "10s", maxCalls: 1000 } });
  // Seen where they leave: an app sees them in the order in which it gets to its connections.
  const bus = await connectBus(openCredentials(mesh.broker.url), "shop");
  const send = bus.send.bind(bus);
  /** When each was sent last, and so not in vain. */
  const sentAt = new Map<number, number>();
  bus.send = (subject, data, ...rest) => {
    const [, i] = /POST \/(\d+)\n/.exec(Buffer.from(data).toString("latin1")) ?? [];
    if (i !== undefined) sentAt.set(Number(i), performance.now());
    return send(subject, data, ...rest);
  };
  const shop = await mesh.caller("shop", { bus });
  await isHeld(shop);
  const calls = [];
  for (let i = 0; i < COUNT; i++) {
    calls.push(post(shop, `/${i}`));
    if (i % 20 === 19) await delay(2);
  }
  await delay(200);
  const app = await workingApp(t);
  await mesh.serve("orders", app);
  for (const { status } of await Promise.all(calls)) assert.equal(status, 200);
  assert.deepEqual(seenTwice([app]), []);
  const order = [...sentAt].sort(([, a], [, b]) => a - b);
  const [, firstAt] = order[0]!;
  const early = order.filter(([, at]) => at < firstAt + 12).length;
  const tookMs = order.at(-1)![1] - firstAt;
  t.diagnostic(`${early} of ${COUNT} left in the first 12 ms, all within ${Math.round(tookMs)} ms`);
  // With the one that looked whether anybody is there.
  assert.ok(early <= 21, `${early} left in the first 12 ms`);
  assert.ok(tookMs > 25);
  const first = order.slice(0, 20).map(([i]) => i);
  assert.ok(Math.max(...first) < 80, `the first were ${first}`);
});

test("beyond maxCalls calls fail as they would without parking, and a caller that leaves makes room", async (t) => {
  const { mesh, shop } = await deserted(t, { park: { maxWait: "10s", maxCalls: 3 } });
  await isHeld(shop);
  const calls = [post(shop, "/1"), post(shop, "/2")];
  await delay(30);
  const leaving = start(t, shop.listen, "POST", "/leaving");
  leaving.sent.end();
  await until(async () => {
    const full = await post(shop, "/full", { "weft-timeout": "300ms" });
    return full.headers["weft-error"] === "no-instance";
  });
  leaving.sent.destroy();
  // Held again: its own time ends it.
  await until(async () => (await post(shop, "/3", { "weft-timeout": "50ms" })).status === 504);
  const app = await workingApp(t);
  await mesh.serve("orders", app);
  for (const answer of calls) assert.equal((await answer).status, 200);
  assert.deepEqual(
    [...app.seen.keys()].filter((id) => ["leaving", "full", "3", "probe"].includes(id)),
    [],
  );
});

test("what was held too long is answered with parked-expired and Retry-After", async (t) => {
  const { shop } = await deserted(t, { park: { maxWait: "1200ms" } });
  const [answer, tookMs] = await timed(post(shop));
  assert.equal(answer.status, 503);
  assert.equal(answer.headers["weft-error"], "parked-expired");
  assert.equal(answer.headers["retry-after"], "2");
  assert.match(answer.text, /no instance of orders took it within 1200 ms/);
  assert.ok(tookMs >= 1190 && tookMs < 5000, `it took ${tookMs} ms`);
});

test("a call is not held past its deadline, and says where the time went", async (t) => {
  const { shop } = await deserted(t, { park: {} });
  const [answer, tookMs] = await timed(post(shop, "/", { "weft-timeout": "300ms" }));
  assert.equal(answer.headers["weft-error"], "deadline");
  assert.match(answer.text, /it waited \d+ ms/);
  assert.ok(tookMs < 5000, `it took ${tookMs} ms`);
});

test("while the registry is away, held calls find an instance that comes by themselves", async (t) => {
  const { mesh, shop } = await deserted(t, { park: { maxWait: "10s" } });
  await isHeld(shop);
  await mesh.stopRegistry();
  const calls = Array.from({ length: 30 }, (_, i) => post(shop, `/${i}`));
  await delay(100);
  const app = await workingApp(t);
  await testSidecar(mesh.broker, "orders", { app });
  const [, tookMs] = await timed(Promise.all(calls));
  for (const answer of calls) assert.equal((await answer).status, 200);
  assert.ok(tookMs < 5000, `it took ${tookMs} ms`);
  assert.deepEqual(seenTwice([app]), []);
});

test("what finds all instances at their limits is held too, until there is a place", async (t) => {
  const mesh = await routedMesh(t);
  const app = await handledApp(t);
  await mesh.serve("orders", app);
  const limits = { maxConcurrency: 1, queue: { calls: 0 } };
  await mesh.apply(policy("orders", { limits, park: {} }));
  const shop = await mesh.caller();
  const first = post(shop, "/first");
  const { response } = await app.next();
  const held = post(shop, "/held");
  await delay(200);
  assert.equal(app.asked.length, 0);
  response.end();
  assert.equal((await first).status, 200);
  (await app.next()).response.end();
  assert.equal((await held).status, 200);
});

test("an instance with a limit that comes back gets all that was held for it, and nobody sees an error", async (t) => {
  const limits = { maxConcurrency: 4, queue: { calls: 2, wait: "50ms" } };
  const { mesh, shop } = await deserted(t, { park: { maxWait: "10s", maxCalls: 500 }, limits });
  const offered = new Offered(t, [shop.listen], { perSecond: 60, method: () => "POST" });
  await until(() => offered.count > 60);
  const app = await workingApp(t, () => 20);
  await mesh.serve("orders", app);
  await until(() => offered.ends.length > 180, { withinMs: 10_000 });
  const ends = await offered.stop();
  assert.deepEqual(waysOf(ends.filter((end) => !isGood(end))), {});
  assert.deepEqual(seenTwice([app]), []);
});

test("an upload that is held arrives whole", async (t) => {
  const { mesh, shop } = await deserted(t, { park: {} });
  const { sent, answer } = start(t, shop.listen, "POST");
  new Source(sent, 600_000);
  await delay(100);
  const app = await handledApp(t);
  await mesh.serve("orders", app);
  const { request, response } = await app.next();
  assert.equal(await new Drain(request).done(), hashOf(bytes(600_000)));
  response.end();
  assert.equal((await answer).statusCode, 200);
});

test("a version that has no instance holds its calls, while another version answers", async (t) => {
  const mesh = await routedMesh(t);
  const second = await mesh.echo("orders", "2");
  await mesh.echo("orders", "1");
  await gone(second.sidecar);
  await mesh.apply(policy("orders", { park: {} }));
  const shop = await mesh.caller();
  const held = ask(shop.listen, "v2.orders.mesh");
  for (let i = 0; i < 10; i++) assert.equal((await ask(shop.listen, "orders.mesh")).status, 200);
  const [, tookMs] = await timed(ask(shop.listen, "v1.orders.mesh"));
  assert.ok(tookMs < 5000);
  await mesh.echo("orders", "2");
  assert.equal(JSON.parse((await held).text).version, "2");
});

test("calls that a route sends to another service are held as that service's policy says", async (t) => {
  const mesh = await routedMesh(t);
  await mesh.echo("shelf");
  const billing = await mesh.echo("billing");
  await mesh.apply(route("shelf", [{ backendRefs: [{ name: "billing" }] }]));
  const shop = await mesh.caller();
  assert.equal((await ask(shop.listen, "shelf.mesh")).status, 200);
  await mesh.apply(policy("billing", { park: {} }));
  await gone(billing.sidecar);
  const held = ask(shop.listen, "shelf.mesh");
  await delay(100);
  await mesh.echo("billing");
  const { status, text } = await held;
  assert.equal(status, 200, text);
});

test("calls that are held when parking is switched off still get their turn", async (t) => {
  const { mesh, shop } = await deserted(t, { park: {} });
  await isHeld(shop);
  const held = post(shop, "/held");
  await delay(50);
  await mesh.apply(policy("orders", {}));
  assert.equal((await post(shop)).headers["weft-error"], "no-instance");
  const app = await workingApp(t);
  await mesh.serve("orders", app);
  assert.equal((await held).text, "held");
});
