import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ask } from "../../support/ask.ts";
import { handledApp, type SidecarUnderTest, testApp } from "../../support/mesh.ts";
import { policy, type RoutedMesh, route, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";
import { sidecarProcess } from "../../support/sidecar-process.ts";
import { until } from "../../support/until.ts";
import { wireApp } from "../../support/wire.ts";

const timed = (timeouts: object) => route("orders", [{ backendRefs: [{ name: "orders" }], timeouts }]);

/** An app that answers only when the test says so, and a caller. */
async function silentOrders(t: TestContext, mesh: RoutedMesh) {
  const app = await handledApp(t);
  const orders = await mesh.serve("orders", app);
  return { app, orders, shop: await mesh.caller() };
}

/** A call that is expected to end by its time. */
async function late(shop: SidecarUnderTest, headers: Record<string, string> = {}) {
  const startedAt = performance.now();
  const answer = await ask(shop.listen, "orders.mesh", "/", { headers });
  const { "weft-error": code, "x-request-id": id } = answer.headers;
  assert.equal(answer.status, 504, answer.text);
  assert.equal(typeof id, "string");
  return { code, text: answer.text, tookMs: performance.now() - startedAt };
}

const leftAt = (told: unknown): number => Number(/^(\d+)ms$/.exec(String(told))?.[1]);
const within = (ms: number, least: number, most: number) =>
  assert.ok(ms >= least && ms <= most, `${ms} ms is not between ${least} and ${most}`);

for (const server of natsServers())
  test(`nats-server ${server.label}: the time of the rule, else that of the policy, ends a call on both sides`, async (t) => {
    const mesh = await routedMesh(t, { server });
    const { app, orders, shop } = await silentOrders(t, mesh);
    const byPolicy = policy("orders", { timeouts: { request: "200ms" } });
    const stages: [resources: object[], ms: number][] = [
      [[byPolicy], 200],
      [[byPolicy, timed({ request: "350ms" })], 350],
      [[byPolicy, timed({})], 200],
    ];
    for (const [resources, ms] of stages) {
      await mesh.apply(...resources);
      const { code, text, tookMs } = await late(shop);
      assert.equal(code, "deadline");
      within(tookMs, ms - 1, ms + 1000);
      const [, total, attempt] =
        /no answer within (\d+) ms \(.* allows \d+ ms\): attempt 1 took (\d+) ms, and orders \(instance (?:i\d+)\) had it/.exec(
          text,
        ) ?? assert.fail(text);
      within(Number(total), ms - 1, tookMs + 1);
      within(Number(attempt), ms - 50, Number(total));
      assert.match(text, new RegExp(`instance ${orders.instance}`));
      const { request, response } = await app.next();
      within(leftAt(request.headers["weft-timeout"]), ms / 2, ms);
      await until(() => response.closed && !response.writableFinished, {
        withinMs: 1000,
        what: "the app to hear that nobody waits any more",
      });
    }
  });

test("the time for an attempt ends it as attempt-timeout, and the app's request is cancelled", async (t) => {
  const mesh = await routedMesh(t);
  const { app, shop } = await silentOrders(t, mesh);
  const ways = [
    timed({ request: "5s", backendRequest: "200ms" }),
    policy("orders", { timeouts: { backendRequest: "200ms" } }),
  ];
  for (const resource of ways) {
    await mesh.apply(resource);
    const { code, text, tookMs } = await late(shop);
    assert.equal(code, "attempt-timeout");
    assert.match(
      text,
      /no answer within \d{3} ms: attempt 1 took \d{3} ms, and orders \(instance i\d+\) had it/,
    );
    assert.doesNotMatch(text, /after \d attempts/, "an app may have seen it: it is not sent twice");
    within(tookMs, 199, 1200);
    const { request, response } = await app.next();
    within(leftAt(request.headers["weft-timeout"]), 100, 200);
    await until(() => response.closed, { withinMs: 1000 });
    await mesh.post("delete", { resources: [{ kind: "HTTPRoute", name: "orders" }] });
  }
  assert.equal(app.asked.length, 0);
});

test("of the limits of policy and of the app the shorter counts; 0s lifts that of policy", async (t) => {
  const mesh = await routedMesh(t);
  const app = await handledApp(t);
  await mesh.serve("orders", app);
  const shop = await mesh.caller("shop", { limits: { timeoutMs: 150 } });
  const long = { "weft-timeout": "10s" };
  const short = { "weft-timeout": "150ms" };
  const expect = async (timeouts: object, headers: Record<string, string>, code: string) => {
    await mesh.apply(timed(timeouts));
    const ended = await late(shop, headers);
    assert.equal(ended.code, code, JSON.stringify(timeouts));
    within(ended.tookMs, 149, 1150);
    app.asked.splice(0);
  };
  await expect({ request: "150ms" }, long, "deadline");
  await expect({ request: "150ms" }, { "weft-timeout": "0s" }, "deadline");
  await expect({ request: "10s" }, short, "deadline");
  await expect({ request: "10s", backendRequest: "150ms" }, long, "attempt-timeout");
  await expect({ request: "10s", backendRequest: "5s" }, short, "deadline");
  await expect({ request: "0s" }, short, "deadline");
  await expect({ request: "0s", backendRequest: "150ms" }, {}, "attempt-timeout");

  await mesh.apply(policy("orders", { timeouts: { request: "100ms", backendRequest: "100ms" } }));
  await mesh.apply(timed({ request: "0s", backendRequest: "0s" }));
  const answer = ask(shop.listen, "orders.mesh");
  const { request, response } = await app.next();
  const askedAt = performance.now();
  assert.equal(request.headers["weft-timeout"], undefined);
  await until(() => performance.now() - askedAt > 400);
  response.end("a long thought");
  assert.equal((await answer).text, "a long thought");
});

for (const [what, passedOn] of [
  ["passes on the limit as it was told", ["weft-timeout", "traceparent"]],
  ["passes on nothing but the trace context", ["traceparent"]],
] as const)
  test(`an app that ${what} gives the next one no more time than is left`, async (t) => {
    const mesh = await routedMesh(t);
    let told = Number.POSITIVE_INFINITY;
    const stock = await testApp(t, (request) => {
      told = leftAt(request.headers["weft-timeout"]);
    });
    let listen = "";
    const orders = await testApp(t, async (request, response) => {
      const startedAt = performance.now();
      await until(() => performance.now() - startedAt > 300);
      const headers = Object.fromEntries(passedOn.map((name) => [name, String(request.headers[name])]));
      const answer = await ask(listen, "stock.mesh", "/", { headers }).catch(() => undefined);
      // Its own caller's time is over, too: what it would answer now comes too late, or just not.
      if (answer?.status === 200) response.end();
    });
    await mesh.serve("stock", stock);
    listen = (await mesh.serve("orders", orders)).listen;
    const shop = await mesh.caller();
    await mesh.apply(timed({ request: "700ms" }));
    const { code, tookMs } = await late(shop);
    assert.equal(code, "deadline");
    within(tookMs, 690, 1700);
    within(told, 1, 400);
  });

test("over three hops each has less time than the one before, and all end together", async (t) => {
  const mesh = await routedMesh(t);
  const told: Record<string, number> = {};
  const closed: string[] = [];
  const listens: Record<string, string> = {};
  /** An app that thinks, and then asks the next with the time that it was told. */
  const hop = async (service: string, next: string | undefined) => {
    const app = await testApp(t, async (request, response) => {
      const startedAt = performance.now();
      const headers = { "weft-timeout": request.headers["weft-timeout"] as string };
      told[service] = leftAt(headers["weft-timeout"]);
      response.once("close", () => response.writableFinished || closed.push(service));
      if (next === undefined) return;
      await until(() => performance.now() - startedAt > 100);
      // What is left is less than what it was told: it says so, as gRPC's libraries do.
      headers["weft-timeout"] = `${Math.round(told[service]! - 100)}ms`;
      const answer = await ask(listens[service]!, `${next}.mesh`, "/", { headers }).catch(() => undefined);
      response.writeHead(answer?.status ?? 500).end(answer?.text);
    });
    listens[service] = (await mesh.serve(service, app)).listen;
  };
  await hop("stock", undefined);
  await hop("payment", "stock");
  await hop("orders", "payment");
  const shop = await mesh.caller();
  await mesh.apply(
    timed({ request: "700ms" }),
    policy("payment", { timeouts: { request: "10s" } }),
    policy("stock", { timeouts: { request: "10s", backendRequest: "9s" } }),
  );
  const { code, tookMs } = await late(shop);
  within(tookMs, 690, 1700);
  assert.equal(code, "deadline");
  within(told.orders!, 550, 700);
  within(told.payment!, 300, told.orders! - 100);
  within(told.stock!, 100, told.payment! - 100);
  await until(() => closed.includes("stock") && closed.length >= 2, {
    withinMs: 1000,
    what: "work that nobody waits for to end",
  });
});

test("the callee's sidecar keeps the time by itself when its caller has fallen silent", async (t) => {
  const mesh = await routedMesh(t);
  const shop = await sidecarProcess(mesh.broker, "shop");
  const served = async (service: string, timeouts: object) => {
    const app = await handledApp(t);
    await mesh.serve(service, app);
    await mesh.apply(policy(service, { timeouts }));
    return app;
  };
  const byCall = await served("orders", { request: "900ms" });
  const byAttempt = await served("stock", { request: "10s", backendRequest: "700ms" });
  const askedAt = performance.now();
  const calls = Promise.allSettled(["orders", "stock"].map((service) => ask(shop.listen, `${service}.mesh`)));
  const asked = [await byCall.next(), await byAttempt.next()];
  shop.kill();
  for (const { status } of await calls) assert.equal(status, "rejected");
  assert.ok(
    asked.every(({ response }) => !response.closed),
    "nobody has told the callees",
  );
  const ended = asked.map(async ({ response }) => {
    await until(() => response.closed, { withinMs: 3000 });
    return performance.now() - askedAt;
  });
  within(await ended[0]!, 850, 1900);
  within(await ended[1]!, 650, 1700);
});

test("the sentence tells of the attempts before, of waits, and of the instance that had the call", async (t) => {
  const mesh = await routedMesh(t);
  const silent = await handledApp(t);
  const dying = await wireApp(t);
  const alive = await mesh.serve("orders", silent);
  await mesh.serve("orders", { host: dying.host, port: dying.port });
  dying.die();
  const shop = await mesh.caller("shop", { limits: { retries: 20 } });
  await mesh.apply(timed({ request: "150ms" }));
  const text = await until(
    async () => {
      const { text } = await late(shop);
      return /attempt 2 .* had it/.test(text) ? text : undefined;
    },
    { what: "a call that met the dead app first" },
  );
  assert.match(
    text,
    new RegExp(
      `no answer within \\d+ ms \\(.* allows \\d+ ms\\): (it waited \\d+ ms, )?(attempt \\d+ took \\d+ ms \\(.*: app-unreachable\\), )+attempt \\d+ took \\d+ ms, and orders \\(instance ${alive.instance}\\) had it`,
    ),
  );
  // What it names adds up to the whole.
  const [, whole] = /within (\d+) ms/.exec(text)!;
  const parts = [...text.matchAll(/(?:took|waited) (\d+) ms/g)].reduce((sum, [, ms]) => sum + Number(ms), 0);
  within(parts, Number(whole) - 20, Number(whole) + 5);
});
