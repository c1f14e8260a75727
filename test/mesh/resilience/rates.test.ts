import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ask } from "../../support/ask.ts";
import type { SidecarUnderTest } from "../../support/mesh.ts";
import { policy, type RoutedMesh, route, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";
import { isGood, Offered, type OfferOptions } from "./offered.ts";
import { seenTwice, type WorkingApp, workingApp } from "./working-app.ts";

/** An instance of `orders` under this rate of its own. */
async function limited(t: TestContext, local: object, mesh?: RoutedMesh) {
  const own = mesh ?? (await routedMesh(t));
  const app = await workingApp(t);
  const orders = await own.serve("orders", app);
  await own.apply(policy("orders", { rateLimit: { local } }));
  return { mesh: own, app, orders };
}

const timesOf = async (from: SidecarUnderTest, count: number, path = "/id") =>
  Promise.all(Array.from({ length: count }, () => ask(from.listen, "orders.mesh", path)));

const passed = (answers: readonly { status: number }[]) =>
  answers.filter(({ status }) => status === 200).length;

/** Callers that each offer so many calls a second, for so long; how many of each were answered, and in which time. */
async function offeredBy(
  t: TestContext,
  callers: Readonly<Record<string, SidecarUnderTest>>,
  rates: Readonly<Record<string, number>>,
  forMs: number,
) {
  const startedAt = performance.now();
  const offers = Object.entries(rates).map(([name, perSecond]) => {
    const options: OfferOptions = { perSecond, prefix: `${name}-` };
    return { name, offered: new Offered(t, [callers[name]!.listen], options) };
  });
  await delay(forMs);
  const good: Record<string, number> = {};
  for (const { name, offered } of offers) good[name] = (await offered.stop()).filter(isGood).length;
  return { good, offers, seconds: (performance.now() - startedAt) / 1000 };
}

for (const server of natsServers())
  test(`nats-server ${server.label}: a burst passes, what is above is answered with 429 and all that its fields promise, and the app does not see it`, async (t) => {
    const mesh = await routedMesh(t, { server });
    const { app } = await limited(t, { requests: 30, interval: "1m", burst: 5 }, mesh);
    const shop = await mesh.caller();
    const answers = await timesOf(shop, 20);
    assert.equal(passed(answers), 5);
    assert.equal(app.seen.get("id")?.length, 5);
    for (const { status, headers, text } of answers) {
      if (status === 200) {
        assert.equal(headers["ratelimit-policy"], undefined);
        continue;
      }
      assert.equal(status, 429);
      assert.equal(headers["weft-error"], "rate-limited");
      assert.match(String(headers["retry-after"]), /^[12]$/);
      assert.equal(headers["ratelimit-policy"], '"local";q=30;w=60');
      assert.equal(headers.ratelimit, `"local";r=0;t=${headers["retry-after"]}`);
      assert.match(text, /more than 30 calls in 60000 ms \(local rate limit\)/);
    }
    // What Retry-After says is true.
    await delay(2000);
    assert.equal(passed(await timesOf(shop, 1)), 1);
  });

test("no more than the rate and the burst get through, and hardly less, however much is offered", async (t) => {
  const { mesh, app } = await limited(t, { requests: 50, interval: "1s", burst: 10 });
  const shop = await mesh.caller();
  const { good, offers, seconds } = await offeredBy(t, { shop }, { shop: 300 }, 1800);
  const allowed = 10 + 50 * seconds;
  t.diagnostic(`${good.shop} of ${offers[0]!.offered.count} passed, ${Math.round(allowed)} are allowed`);
  assert.ok(good.shop! <= allowed + 1, `${good.shop} passed, where ${allowed} are allowed`);
  assert.ok(good.shop! >= 0.85 * allowed, `${good.shop} passed, where ${allowed} are allowed`);
  assert.equal(app.seen.size, good.shop);
  assert.deepEqual(seenTwice([app]), [], "429 is an answer: it is not tried again");
});

test("a caller that floods takes nothing from one that asks for less than its part, and gets what is left", async (t) => {
  const { mesh } = await limited(t, { requests: 60, interval: "1s", burst: 6 });
  const callers = { flood: await mesh.caller("flood"), modest: await mesh.caller("modest") };
  const { good, offers, seconds } = await offeredBy(t, callers, { flood: 250, modest: 20 }, 1800);
  t.diagnostic(JSON.stringify(good));
  const modest = offers[1]!.offered.count;
  assert.ok(good.modest! >= 0.9 * modest, `${good.modest} of its ${modest} passed`);
  const rest = 60 * seconds - good.modest!;
  assert.ok(good.flood! >= 0.75 * rest, `the flood got ${good.flood} of the ${rest} that were left`);
  assert.ok(good.flood! + good.modest! <= 60 * seconds + 7);
});

test("callers that all want more than there is get the same", async (t) => {
  const { mesh } = await limited(t, { requests: 60, interval: "1s", burst: 3 });
  const callers = { a: await mesh.caller("a"), b: await mesh.caller("b"), c: await mesh.caller("c") };
  const { good } = await offeredBy(t, callers, { a: 200, b: 100, c: 50 }, 1800);
  t.diagnostic(JSON.stringify(good));
  const mean = (good.a! + good.b! + good.c!) / 3;
  for (const [name, count] of Object.entries(good))
    assert.ok(Math.abs(count - mean) < 0.25 * mean, `${name} got ${count}, where ${mean} are its part`);
});

test("perCaller gives each calling service a rate of its own, however many instances it has", async (t) => {
  const { mesh } = await limited(t, { requests: 30, interval: "1m", burst: 4, perCaller: true });
  const [shop, again, portal] = [
    await mesh.caller("shop"),
    await mesh.caller("shop"),
    await mesh.caller("portal"),
  ];
  assert.equal(passed(await timesOf(shop, 10)), 4);
  assert.equal(passed(await timesOf(portal, 10)), 4);
  assert.equal(passed(await timesOf(again, 10)), 0);
  // Nobody becomes another caller by what he writes.
  const liar = await ask(again.listen, "orders.mesh", "/", { headers: { "weft-caller": "nobody" } });
  assert.equal(liar.status, 429);
});

test("the rate is of each instance by itself, and holds on whichever way a call comes", async (t) => {
  const mesh = await routedMesh(t);
  const apps: WorkingApp[] = [];
  for (let i = 0; i < 2; i++) {
    apps.push(await workingApp(t));
    await mesh.serve("orders", apps[i]!);
  }
  await mesh.echo("all");
  const local = { requests: 30, interval: "1m", burst: 5 };
  await mesh.apply(
    policy("orders", { rateLimit: { local }, balance: { policy: "round-robin" } }),
    route("all", [{ backendRefs: [{ name: "orders", version: "1" }] }]),
  );
  const shop = await mesh.caller();
  const answers = [];
  for (const host of ["orders.mesh", "v1.orders.mesh", "all.mesh"])
    for (let i = 0; i < 20; i++) answers.push(await ask(shop.listen, host, "/id"));
  for (const app of apps) {
    const count = app.seen.get("id")?.length ?? 0;
    assert.ok(count === 5 || count === 6, `an instance saw ${count}`);
  }
  for (const { status } of answers) assert.ok(status === 200 || status === 429);
});

test("what is above the rate of one instance is taken by another that has some left; the caller hears when none has", async (t) => {
  const mesh = await routedMesh(t);
  const apps = [await workingApp(t), await workingApp(t)];
  for (const app of apps) await mesh.serve("orders", app);
  const local = { requests: 30, interval: "1m", burst: 5 };
  // All calls are for the same instance.
  const balance = { policy: "consistent-hash", hash: { header: "user" } };
  await mesh.apply(policy("orders", { rateLimit: { local }, balance }));
  const shop = await mesh.caller();
  const answers = [];
  for (let i = 0; i < 20; i++)
    answers.push(await ask(shop.listen, "orders.mesh", `/id-${i}`, { headers: { user: "ada" } }));
  const count = passed(answers);
  assert.ok(count === 10 || count === 11, `${count} passed`);
  assert.ok(apps.every((app) => app.seen.size >= 5 && app.seen.size <= 6));
  assert.deepEqual(seenTwice(apps), []);
  const last = answers.at(-1)!;
  assert.equal(last.headers["weft-error"], "rate-limited");
  assert.match(String(last.headers["ratelimit-policy"]), /^"local";q=30;w=60$/);
});

test("a rate comes, changes and goes without a restart, and a policy that changes elsewhere gives no new burst", async (t) => {
  const local = { requests: 30, interval: "1m", burst: 5 };
  const { mesh } = await limited(t, local);
  const shop = await mesh.caller();
  assert.equal(passed(await timesOf(shop, 10)), 5);
  await mesh.apply(policy("orders", { rateLimit: { local }, timeouts: { request: "3s" } }));
  assert.ok(passed(await timesOf(shop, 10)) <= 1);
  await mesh.apply(policy("orders", { rateLimit: { local: { ...local, burst: 7 } } }));
  assert.equal(passed(await timesOf(shop, 10)), 7);
  await mesh.apply(policy("orders", {}));
  assert.equal(passed(await timesOf(shop, 10)), 10);
});
