import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { testBroker } from "../support/broker.ts";
import { start } from "../support/flow.ts";
import { handledApp, testApp, testSidecar } from "../support/mesh.ts";
import { meshPair } from "../support/mesh-pair.ts";
import { until } from "../support/until.ts";

/** A call that the app never answers, with these headers. */
async function timed(listen: string, headers: Record<string, string>) {
  const startedAt = performance.now();
  const answer = await ask(listen, "orders.mesh", "/", { headers });
  return { ...answer, tookMs: performance.now() - startedAt };
}

test("a call ends when its time is used up, however the app has said it, and the app's request is cancelled", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app, { shop: { limits: { timeoutMs: 150 } } });
  const ways: Record<string, string>[] = [
    {},
    { "weft-timeout": "150ms" },
    { "grpc-timeout": "150m" },
    { "grpc-timeout": "150000u" },
    { "x-envoy-expected-rq-timeout-ms": "150" },
    { "x-envoy-upstream-rq-timeout-ms": "150" },
    // Our own word goes before others'.
    { "weft-timeout": "150ms", "grpc-timeout": "9S" },
  ];
  for (const headers of ways) {
    const what = JSON.stringify(headers);
    const answer = await timed(shop.listen, headers);
    assert.equal(answer.status, 504, what);
    assert.equal(answer.headers["weft-error"], "deadline", what);
    assert.match(
      answer.text,
      /no answer within \d{3} ms \(.* allows \d{3} ms\): attempt 1 took \d{3} ms, and orders \(instance o1\) had it/,
    );
    assert.ok(answer.tookMs > 145 && answer.tookMs < 5000, `${what} took ${answer.tookMs} ms`);
    const { request, response } = await app.next();
    await until(() => response.closed && !response.writableFinished, { withinMs: 1000 });
    const left = Number(/^(\d+)ms$/.exec(request.headers["weft-timeout"] as string)?.[1]);
    assert.ok(left > 50 && left <= 150, `the app was told ${left} ms`);
  }
});

test("no instance can answer in time: the sentence says that none had confirmed the call", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app);
  const answer = await ask(shop.listen, "orders.mesh", "/", { headers: { "weft-timeout": "20ms" } });
  assert.equal(answer.headers["weft-error"], "deadline");
  assert.match(answer.text, /no instance had confirmed it/);
  // On a busy machine it may not even have been asked.
  for (const { response } of app.asked) await until(() => response.closed, { withinMs: 1000 });
});

test("0s means no limit, and the longest durations are taken", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app, { shop: { limits: { timeoutMs: 100 } } });
  for (const timeout of ["0s", "99999h", "1h30m"]) {
    const answer = ask(shop.listen, "orders.mesh", "/", { headers: { "weft-timeout": timeout } });
    const { request, response } = await app.next();
    const askedAt = performance.now();
    if (timeout === "0s") {
      assert.equal(request.headers["weft-timeout"], undefined);
      await until(() => performance.now() - askedAt > 300);
    }
    response.end("late");
    assert.equal((await answer).text, "late", timeout);
  }
});

test("a weft-timeout that is no duration is refused", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app);
  for (const timeout of ["soon", "5", "-1s", "1.5s"]) {
    const answer = await ask(shop.listen, "orders.mesh", "/", { headers: { "weft-timeout": timeout } });
    assert.equal(answer.status, 400, timeout);
    assert.equal(answer.headers["weft-error"], "bad-request");
    assert.match(answer.text, /weft-timeout is not a duration/);
  }
  assert.equal(app.asked.length, 0);
});

test("the time left shrinks from hop to hop", async (t) => {
  const broker = await testBroker(t);
  const told: number[] = [];
  const note = (value: unknown) => void told.push(Number.parseInt(String(value), 10));
  const last = await testApp(t, (request, response) => {
    note(request.headers["weft-timeout"]);
    response.end("done");
  });
  await testSidecar(broker, "stock", { app: last });
  let ordersListen = "";
  const middle = await testApp(t, async (request, response) => {
    note(request.headers["weft-timeout"]);
    const startedAt = performance.now();
    await until(() => performance.now() - startedAt > 60);
    // An app passes on what it was told, as it does with trace headers.
    const headers = { "weft-timeout": request.headers["weft-timeout"] as string };
    response.end((await ask(ordersListen, "stock.mesh", "/", { headers })).text);
  });
  ordersListen = (await testSidecar(broker, "orders", { app: middle })).listen;
  const shop = await testSidecar(broker, "shop");
  const answer = await ask(shop.listen, "orders.mesh", "/", { headers: { "weft-timeout": "2s" } });
  assert.equal(answer.text, "done");
  const [atMiddle, atLast] = told;
  assert.ok(atMiddle! <= 2000 && atMiddle! > 1500, String(told));
  assert.ok(atLast! <= atMiddle!, String(told));
});

test("bodies on their way are under the idle limit instead of the deadline", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app, { shop: { limits: { timeoutMs: 200 } } });
  const { sent, answer } = start(t, shop.listen, "PUT");
  const startedAt = performance.now();
  const past = (ms: number) => until(() => performance.now() - startedAt > ms);
  sent.write("slow ");
  const { request, response } = await app.next();
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  await past(300);
  sent.end("upload");
  await until(() => body === "slow upload");
  response.write("slow ");
  const answered = await answer;
  let text = "";
  answered.on("data", (chunk) => {
    text += chunk;
  });
  await past(700);
  response.end("download");
  await until(() => text === "slow download");

  const late = start(t, shop.listen, "PUT");
  late.sent.write("an upload");
  await app.next();
  late.sent.end(" to its end");
  assert.equal((await late.answer).headers["weft-error"], "deadline", "the clock starts at its end");
});

test("a stream on which nothing moves is ended by the idle limit", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app, { shop: { limits: { idleTimeoutMs: 200 } } });
  const { sent, answer } = start(t, shop.listen, "GET");
  sent.end();
  const { response } = await app.next();
  response.write("one");
  const answered = await answer;
  answered.resume();
  let broken = false;
  answered.once("error", () => {
    broken = true;
  });
  await until(() => broken, { what: "the caller to be broken off" });
  await until(() => response.closed, { what: "the app to hear of it" });
});

test("an app that thinks for longer than the idle limit is under the deadline alone", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app, { shop: { limits: { idleTimeoutMs: 150 } } });
  for (const method of ["GET", "POST"]) {
    const answer = ask(shop.listen, "orders.mesh", "/", { method, headers: { "weft-timeout": "5s" } });
    const { response } = await app.next();
    const askedAt = performance.now();
    await until(() => performance.now() - askedAt > 500);
    response.end("a thought");
    assert.equal((await answer).text, "a thought");
  }
});
