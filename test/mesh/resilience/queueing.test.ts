import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ask } from "../../support/ask.ts";
import { bytes, Drain, hashOf, Source, start } from "../../support/flow.ts";
import { handledApp, testApp } from "../../support/mesh.ts";
import { policy, routedMesh } from "../../support/routed-mesh.ts";
import { until } from "../../support/until.ts";
import { held, knows, noRetry, one, post, way } from "./held-calls.ts";

test("what comes to a full instance waits in its queue in order, and one that leaves gives up its place", async (t) => {
  const limits = { maxConcurrency: 1, queue: { calls: 3, wait: "10s" } };
  const { app, orders, shop } = await one(t, { limits, retry: noRetry });
  const first = await held(app, shop);
  await knows(shop, orders);
  const waiting = [post(shop, "/1")];
  const leaving = start(t, shop.listen, "GET", "/leaving");
  leaving.sent.end();
  waiting.push(post(shop, "/2"));
  await delay(50);
  leaving.sent.destroy();
  await delay(50);
  waiting.push(post(shop, "/3"));
  assert.equal(app.asked.length, 0);
  first.end();
  for (const path of ["/1", "/2", "/3"]) {
    const { request, response } = await app.next();
    assert.equal(request.url, path);
    assert.equal(app.asked.length, 0);
    response.end();
  }
  for (const answer of waiting) assert.equal((await answer).status, 200);
});

test("a call whose time ends in the queue is told so, and never reaches the app", async (t) => {
  const limits = { maxConcurrency: 1, queue: { calls: 3, wait: "10s" } };
  const { app, orders, shop } = await one(t, { limits });
  const first = await held(app, shop);
  await knows(shop, orders);
  const answer = await post(shop, "/late", { "weft-timeout": "150ms" });
  assert.equal(way(answer), "504 deadline");
  // The callee hears of the call a little later, and so gives it a little longer.
  await delay(300);
  first.end();
  await first.answer;
  const next = await held(app, shop, "/next");
  next.end();
  assert.equal((await next.answer).status, 200);
});

/** A full instance and one that has room, and a caller that asks them in turn. */
async function fullAndFree(t: TestContext, limits: object) {
  const mesh = await routedMesh(t);
  const full = await handledApp(t);
  const first = await mesh.serve("orders", full);
  await mesh.apply(policy("orders", { limits, balance: { policy: "round-robin" } }));
  await held(full, await mesh.caller("portal"));
  const attempts: unknown[] = [];
  const free = await testApp(t, (request, response) => {
    attempts.push(request.headers["weft-attempt"]);
    request.pipe(response);
  });
  const second = await mesh.serve("orders", free);
  const shop = await mesh.caller();
  await ask(shop.listen, "orders.mesh");
  await knows(shop, first, second);
  return { full, shop, attempts };
}

test("what is refused as overloaded is taken to an instance that has room, at once or after it has waited", async (t) => {
  for (const queue of [{ calls: 0 }, { calls: 1, wait: "50ms" }])
    await t.test(JSON.stringify(queue), async (t) => {
      const { full, shop, attempts } = await fullAndFree(t, { maxConcurrency: 1, queue });
      const second = () => attempts.filter((attempt) => attempt === "2").length;
      // One that was refused is not asked for a moment.
      await until(async () => {
        const { status, text } = await post(shop, "/id");
        assert.deepEqual([status, text], [200, "/id"]);
        return second() >= 3;
      });
      assert.equal(full.asked.length, 0);
    });
});

test("a streamed upload that waited in a queue and was refused goes elsewhere whole", async (t) => {
  const queue = { calls: 4, wait: "60ms" };
  const { full, shop, attempts } = await fullAndFree(t, { maxConcurrency: 1, queue });
  const LENGTH = 600_000;
  const whole = hashOf(bytes(LENGTH));
  for (let i = 0; i < 8; i++) {
    const { sent, answer } = start(t, shop.listen, i % 2 === 0 ? "POST" : "PUT");
    new Source(sent, LENGTH);
    const response = await answer;
    assert.equal(response.statusCode, 200);
    assert.equal(await new Drain(response).done(), whole);
  }
  assert.equal(full.asked.length, 0);
  assert.ok(attempts.includes("2"), `the attempts were ${attempts}`);
});

test("an upload that waits in a queue until there is a place arrives whole", async (t) => {
  const limits = { maxConcurrency: 1, queue: { calls: 1, wait: "10s" } };
  const { app, orders, shop } = await one(t, { limits });
  const first = await held(app, shop);
  await knows(shop, orders);
  const { sent, answer } = start(t, shop.listen, "POST");
  new Source(sent, 600_000);
  await delay(100);
  assert.equal(app.asked.length, 0);
  first.end();
  const { request, response } = await app.next();
  assert.equal(await new Drain(request).done(), hashOf(bytes(600_000)));
  response.end();
  assert.equal((await answer).statusCode, 200);
});

test("the more urgent go first, and take the place of those that are less so", async (t) => {
  const limits = { maxConcurrency: 1, queue: { calls: 2, wait: "10s" }, priority: { header: "priority" } };
  const { app, orders, shop } = await one(t, { limits, retry: noRetry });
  const first = await held(app, shop);
  await knows(shop, orders);
  const send = async (path: string, priority?: string) => {
    const answer = post(shop, path, priority === undefined ? {} : { priority });
    await delay(30);
    return { answer };
  };
  const least = await send("/u5", "u=5");
  const plain = await send("/plain");
  const most = await send("/u1", "u=1, i");
  assert.equal(way(await least.answer), "503 overloaded");
  const alike = await send("/alike", "u=3");
  assert.equal((await alike.answer).status, 503);
  first.end();
  for (const path of ["/u1", "/plain"]) {
    const { request, response } = await app.next();
    assert.equal(request.url, path);
    response.end();
  }
  for (const { answer } of [most, plain]) assert.equal((await answer).status, 200);
});

test("what may be shed is refused when four fifths are in use, and the rest is kept for the others", async (t) => {
  const priority = { header: "x-importance", shedBelow: 4 };
  const { app, shop } = await one(t, { limits: { maxConcurrency: 5, priority }, retry: noRetry });
  const calls = [];
  for (let i = 0; i < 4; i++) calls.push(await held(app, shop));
  const shed = await post(shop, "/", { "x-importance": "5" });
  assert.equal(way(shed), "503 overloaded");
  assert.equal(shed.headers["retry-after"], "1");
  const kept = post(shop, "/kept", { "x-importance": "4" });
  const { request, response } = await app.next();
  assert.equal(request.url, "/kept");
  response.end();
  assert.equal((await kept).status, 200);
  for (const { end } of calls) end();
});
