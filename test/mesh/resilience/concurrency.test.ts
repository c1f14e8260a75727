import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ask } from "../../support/ask.ts";
import { crowd } from "../../support/crowd.ts";
import { Drain, start } from "../../support/flow.ts";
import { handledApp } from "../../support/mesh.ts";
import { seeded } from "../../support/random.ts";
import { policy, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { held, meshAndCaller, noRetry, one, post, way } from "./held-calls.ts";
import { seenTwice, timesSeen, workingApp } from "./working-app.ts";

const byQueueGroup = { policy: "queue-group" };

for (const server of natsServers())
  test(`nats-server ${server.label}: whatever comes, no app has more calls than its limit, and each call is answered once or refused unseen`, async (t) => {
    const CALLS = 1500;
    const LIMIT = 3;
    const mesh = await routedMesh(t, { server });
    const random = seeded(42);
    const takes = () => (random() < 0.7 ? random() * 4 : random() * 30);
    const apps = await Promise.all([1, 2, 3].map(() => workingApp(t, takes)));
    for (const app of apps) await mesh.serve("orders", app);
    const limits = { maxConcurrency: LIMIT, queue: { calls: 2, wait: "20ms" } };
    await mesh.apply(policy("orders", { limits }));
    const callers = await Promise.all(["shop", "shop", "portal"].map((name) => mesh.caller(name)));
    const methods = ["GET", "POST", "PUT"];
    const answers = await crowd(
      t,
      CALLS,
      async (i, agent) => {
        // Pauses and bursts: now everybody at once, now hardly anybody.
        if (random() < 0.1) await delay(random() * 60);
        const from = callers[Math.floor(random() * callers.length)]!;
        const method = methods[Math.floor(random() * methods.length)]!;
        const body = method === "GET" ? "" : "x";
        return ask(from.listen, "orders.mesh", `/id-${i}`, { method, body, agent });
      },
      40,
    );
    const ways: Record<string, number> = {};
    for (const answer of answers) ways[way(answer)] = (ways[way(answer)] ?? 0) + 1;
    t.diagnostic(`${JSON.stringify(ways)}, most at once ${apps.map(({ most }) => most())}`);
    for (const app of apps) assert.equal(app.most(), LIMIT, "each was full at a time, and never more");
    const refusals = ["503 overloaded"];
    for (const found of Object.keys(ways)) assert.ok(found === "200" || refusals.includes(found), found);
    assert.ok(ways["200"]! > CALLS / 3);
    assert.deepEqual(seenTwice(apps), []);
    const seen = timesSeen(apps);
    for (const [i, { status, text }] of answers.entries()) {
      assert.equal(seen.has(`id-${i}`), status === 200, `id-${i} was answered with ${status}`);
      if (status === 200) assert.equal(text, `id-${i}`);
    }
  });

test("callers that leave, in the queue or in the app, give up their places and no more", async (t) => {
  const { mesh, shop } = await meshAndCaller(t);
  const random = seeded(3);
  const app = await workingApp(t, () => random() * 40);
  await mesh.serve("orders", app);
  const limits = { maxConcurrency: 3, queue: { calls: 4, wait: "100ms" } };
  await mesh.apply(policy("orders", { limits }));
  const call = async (i: number): Promise<number | "left"> => {
    const { sent, answer } = start(t, shop.listen, "POST", `/id-${i}`);
    sent.end();
    if (random() < 0.4) {
      await delay(random() * 40);
      sent.destroy();
      return "left";
    }
    const response = await answer;
    response.resume();
    return response.statusCode!;
  };
  const ends = await crowd(t, 600, call, 20);
  assert.equal(app.most(), 3);
  assert.ok(ends.filter((end) => end === 200).length > 50);
  await until(() => app.running() === 0);
  // All three places are free: as many calls have them at once.
  app.countAnew();
  await until(async () => {
    await Promise.all([1, 2, 3].map(() => post(shop)));
    return app.most() === 3;
  });
  assert.deepEqual(
    seenTwice([app]).filter((id) => id !== ""),
    [],
  );
});

test("an instance at its limit leaves the queue groups, and joins them again when a fifth of it is free", async (t) => {
  const limits = { maxConcurrency: 5, queue: { calls: 0 } };
  const { app, orders, shop } = await one(t, { limits, balance: byQueueGroup, retry: noRetry });
  const calls = [];
  for (let i = 0; i < 5; i++) calls.push(await held(app, shop));
  await orders.bus.flush();
  // The broker knows: nobody is asked, so nothing is refused.
  assert.equal(way(await post(shop)), "503 overloaded");
  const version = await ask(shop.listen, "v1.orders.mesh");
  assert.equal(way(version), "503 overloaded");
  calls[0]!.end();
  assert.equal((await calls[0]!.answer).text, "held");
  const joined = post(shop, "/joined");
  const { response } = await app.next();
  response.end("joined");
  assert.equal((await joined).text, "joined");
  for (const { end } of calls) end();
});

test("with a limit of ten, one free place is not yet room: it is kept for what is on its way", async (t) => {
  const limits = { maxConcurrency: 10, queue: { calls: 0 } };
  const { app, orders, shop } = await one(t, { limits, balance: byQueueGroup, retry: noRetry });
  const calls = [];
  for (let i = 0; i < 10; i++) calls.push(await held(app, shop));
  const tryOnce = async () => {
    await orders.bus.flush();
    const answer = post(shop, "/again");
    let isOver = false;
    void answer.then(() => {
      isOver = true;
    });
    await until(() => isOver || app.asked.length > 0);
    for (const { response } of app.asked.splice(0)) response.end();
    return way(await answer);
  };
  assert.equal(await tryOnce(), "503 overloaded");
  calls[0]!.end();
  await calls[0]!.answer;
  assert.equal(await tryOnce(), "503 overloaded");
  calls[1]!.end();
  await calls[1]!.answer;
  assert.equal(await tryOnce(), "200");
  for (const { end } of calls) end();
});

test("an open answer keeps its place until its end", async (t) => {
  const limits = { maxConcurrency: 1, queue: { calls: 0 } };
  const { app, shop } = await one(t, { limits, retry: noRetry });
  const { sent, answer } = start(t, shop.listen, "GET");
  sent.end();
  const { response } = await app.next();
  response.write("begun");
  const drain = new Drain(await answer);
  await until(() => drain.read > 0);
  assert.equal((await post(shop)).status, 503);
  response.end();
  await drain.done();
  const next = await held(app, shop);
  next.end();
  assert.equal((await next.answer).status, 200);
});

test("a limit that changes holds at once, for what is under way too", async (t) => {
  const spec = (maxConcurrency: number) => ({
    limits: { maxConcurrency, queue: { calls: 0 } },
    retry: noRetry,
  });
  const { mesh, app, shop } = await one(t, spec(3));
  const calls = [await held(app, shop), await held(app, shop)];
  await mesh.apply(policy("orders", spec(2)));
  assert.equal((await post(shop)).status, 503);
  await mesh.apply(policy("orders", spec(4)));
  calls.push(await held(app, shop), await held(app, shop));
  assert.equal((await post(shop)).status, 503);
  await mesh.post("delete", { resources: [{ kind: "ServicePolicy", name: "orders" }] });
  await mesh.allInStep();
  calls.push(await held(app, shop));
  for (const { end } of calls) end();
  for (const { answer } of calls) assert.equal((await answer).status, 200);
});

test("an adaptive limit finds about what the app can do at once, and the app has no queue inside", async (t) => {
  const mesh = await routedMesh(t);
  const WORKERS = 8;
  const WORK_MS = 10;
  // Eight at a time take 10 ms each; more than that wait for each other.
  const app = await workingApp(t, (running) => WORK_MS * Math.max(1, running / WORKERS));
  await mesh.serve("orders", app);
  const queue = { calls: 100, wait: "5s" };
  await mesh.apply(policy("orders", { limits: { adaptive: { min: 2, max: 200 }, queue } }));
  const shop = await mesh.caller();
  const startedAt = performance.now();
  const past = () => performance.now() - startedAt;
  const ends: { at: number; status: number; most: number }[] = [];
  let isCounted = false;
  await crowd(
    t,
    60,
    async () => {
      while (past() < 3000) {
        if (!isCounted && past() > 1500) {
          isCounted = true;
          app.countAnew();
        }
        const { status } = await post(shop, "/id");
        ends.push({ at: past(), status, most: app.most() });
      }
    },
    60,
  );
  const late = ends.filter(({ at }) => at > 1500 && at < 3000);
  const perSecond = late.filter(({ status }) => status === 200).length / 1.5;
  t.diagnostic(`at most ${app.most()} at once, and ${Math.round(perSecond)} calls a second`);
  assert.ok(app.most() >= WORKERS / 2, `it let ${app.most()} through`);
  assert.ok(app.most() <= 4 * WORKERS, `it let ${app.most()} through`);
});

test("maxPending bounds what one caller has under way to a service, and other services and callers are free", async (t) => {
  const { mesh, shop } = await meshAndCaller(t);
  const app = await handledApp(t);
  await mesh.serve("orders", app);
  await mesh.echo("stock");
  const portal = await mesh.caller("portal");
  await mesh.apply(policy("orders", { limits: { maxPending: 2 } }));
  const calls = [await held(app, shop), await held(app, shop)];
  const refused = await post(shop);
  assert.equal(way(refused), "503 overflow");
  assert.match(refused.text, /2 calls of this sidecar to orders wait/);
  assert.equal((await ask(shop.listen, "stock.mesh")).status, 200);
  calls.push(await held(app, portal));
  calls[0]!.end();
  await calls[0]!.answer;
  calls.push(await held(app, shop));
  await mesh.apply(policy("orders", { limits: { maxPending: 3 } }));
  calls.push(await held(app, shop));
  assert.equal(way(await post(shop)), "503 overflow");
  for (const { end } of calls) end();
  for (const { answer } of calls) assert.equal((await answer).status, 200);
});
