import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { z } from "zod";
import { MemoryBroker } from "../../../src/bus/memory-bus.ts";
import { Catalog } from "../../../src/registry/catalog.ts";
import { Drops } from "../../../src/registry/drops.ts";
import { createApi, serveHttp } from "../../../src/registry/http/server.ts";
import { Watchers } from "../../../src/registry/http/watch.ts";
import { Registry } from "../../../src/registry/registry.ts";
import { Keeper } from "../../../src/registry/store/keeper.ts";
import { MemoryStore } from "../../../src/registry/store/memory-store.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { beat, silentLog } from "../beats.ts";

function parts(t: TestContext) {
  const clock = new FakeClock();
  const broker = new MemoryBroker();
  const bus = broker.connect();
  const catalog = new Catalog(clock);
  const drops = new Drops(silentLog, () => clock.now());
  const registry = new Registry({ bus, catalog, clock, drops });
  const keeper = new Keeper(catalog, new MemoryStore(), clock, silentLog);
  const watchers = new Watchers(catalog, clock, drops);
  registry.start();
  t.after(() => watchers.close());
  return { clock, broker, bus, catalog, drops, registry, keeper, watchers };
}

async function setUp(t: TestContext) {
  const deps = parts(t);
  await deps.keeper.start();
  const app = await createApi(deps, silentLog);
  t.after(() => app.close());
  const get = async (url: string, headers: Record<string, string> = {}) => {
    const response = await app.inject({ url, headers: { host: "localhost", ...headers } });
    return { status: response.statusCode, body: response.json() };
  };
  return { ...deps, app, get };
}

function fill(catalog: Catalog): void {
  catalog.beat(beat({ instance: "a", version: "1", zone: "z1" }));
  catalog.beat(beat({ instance: "b", version: "2", stats: { calls: 7, errors: 1, busyMs: 12.5 } }));
  catalog.beat(beat({ instance: "c", version: "2", state: "down" }));
  catalog.beat(beat({ service: "billing", instance: "d" }));
  catalog.beat(beat({ service: "billing", instance: "d", sequence: 1, state: "leaving" }));
}

test("services, their versions and their instances are listed", async (t) => {
  const { catalog, get } = await setUp(t);
  fill(catalog);
  const { services } = (await get("/v1/services")).body;
  assert.deepEqual(
    services.map((one: Record<string, unknown>) => [one.service, one.instances, one.versions]),
    [
      ["billing", 0, ["2"]],
      ["orders", 2, ["1", "2"]],
    ],
  );
  const orders = (await get("/v1/services/orders")).body;
  assert.equal(orders.instances, 2);
  assert.deepEqual(orders.instanceList[0], {
    service: "orders",
    instance: "a",
    version: "1",
    zone: "z1",
    state: "up",
    startedAt: "2023-11-14T22:13:20.000Z",
    lastSeen: "2026-01-01T00:00:01.000Z",
    confirmed: true,
  });
  const { versions } = (await get("/v1/services/orders/versions")).body;
  assert.deepEqual(
    versions.map((one: Record<string, unknown>) => [one.version, one.instances]),
    [
      ["1", 1],
      ["2", 1],
    ],
  );
});

test("instances are picked by service, version and state", async (t) => {
  const { catalog, get } = await setUp(t);
  fill(catalog);
  const names = async (query: string) =>
    (await get(`/v1/instances${query}`)).body.instances
      .map((one: { instance: string }) => one.instance)
      .join("");
  assert.equal(await names(""), "abcd");
  assert.equal(await names("?state=up"), "ab");
  assert.equal(await names("?service=orders&version=2"), "bc");
  assert.equal(await names("?service=orders&version=2&state=down"), "c");
  assert.equal(await names("?service=nobody"), "");
});

test("what is not there or not right is answered with the place and the cure", async (t) => {
  const { get } = await setUp(t);
  const unknown = await get("/v1/services/nobody");
  assert.deepEqual([unknown.status, unknown.body.error.code], [404, "unknown-service"]);
  assert.match(unknown.body.error.message, /"nobody".*\/v1\/services lists/);
  assert.equal((await get("/v1/services/nobody/versions")).status, 404);
  const bad = await get("/v1/instances?state=odd");
  assert.deepEqual([bad.status, bad.body.error.code], [400, "bad-request"]);
  assert.match(bad.body.error.message, /state/);
  const lost = await get("/v2/anything");
  assert.deepEqual([lost.status, lost.body.error.code], [404, "unknown-route"]);
});

test("a request under another host's name is refused, whatever it asks for", async (t) => {
  const { get } = await setUp(t);
  for (const url of ["/v1/services", "/v1/watch", "/openapi.json", "/nothing"]) {
    const { status, body } = await get(url, { host: "rebound.example.com" });
    assert.deepEqual([status, body.error.code], [403, "host-not-loopback"]);
  }
  assert.equal((await get("/v1/services", { host: "127.0.0.1:7070" })).status, 200);
});

test("health tells of the broker, the store and what was dropped", async (t) => {
  const { broker, get, drops, catalog } = await setUp(t);
  fill(catalog);
  drops.count("beat-forged", "reg.hb.a.b");
  const good = (await get("/v1/health")).body;
  assert.equal(good.status, "ok");
  assert.deepEqual([good.services, good.instances], [2, 2]);
  assert.deepEqual(good.drops, { "beat-forged": 1 });
  assert.deepEqual(good.store, { state: "kept", waiting: 2 });
  broker.setAway(true);
  const bad = (await get("/v1/health")).body;
  assert.deepEqual([bad.status, bad.broker.state, bad.settled], ["degraded", "away", false]);
});

test("the description has every route, and every answer is as it says", async (t) => {
  const { app, get, catalog } = await setUp(t);
  fill(catalog);
  const { body: description } = await get("/openapi.json");
  assert.deepEqual(Object.keys(description.paths).sort(), [
    "/openapi.json",
    "/v1/health",
    "/v1/instances",
    "/v1/services",
    "/v1/services/{service}",
    "/v1/services/{service}/versions",
    "/v1/watch",
  ]);
  const routes = app.printRoutes({ commonPrefix: false });
  assert.equal(routes.match(/\(GET/g)!.length, Object.keys(description.paths).length);
  for (const path of Object.keys(description.paths)) {
    if (path === "/v1/watch") continue;
    const schema = description.paths[path].get.responses["200"].content["application/json"].schema;
    const answer = await get(path.replace("{service}", "orders"));
    const checked = z.fromJSONSchema(schema).safeParse(answer.body);
    assert.ok(checked.success, `${path}: ${checked.error}`);
  }
  const failure =
    description.paths["/v1/services/{service}"].get.responses["404"].content["application/json"].schema;
  z.fromJSONSchema(failure).parse((await get("/v1/services/nobody")).body);
  assert.ok(description.paths["/v1/watch"].get.responses["200"].content["text/event-stream"]);
});

test("it listens on this machine's own addresses only, and says which port is taken", async (t) => {
  const deps = parts(t);
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.com"])
    await assert.rejects(serveHttp({ host, port: 0 }, deps, silentLog), {
      name: "HttpApiError",
      message: /no login/,
    });
  const first = await serveHttp({ port: 0 }, deps, silentLog);
  t.after(() => first.close());
  const port = Number(new URL(first.url).port);
  await assert.rejects(serveHttp({ port }, deps, silentLog), {
    name: "HttpApiError",
    message: new RegExp(`port ${port} of 127.0.0.1 is taken: give`),
  });
});

test("an instance, and a service, is shown with the callers that have ejected it, the names of 16 at most", async (t) => {
  const deps = parts(t);
  fill(deps.catalog);
  const services = new Set(Array.from({ length: 20 }, (_, i) => `caller-${String(i).padStart(2, "0")}`));
  const ejections = () =>
    new Map([
      ["orders.a", { services: new Set(["web", "shop"]), sidecars: 3 }],
      ["orders.b", { services, sidecars: 20 }],
      ["orders", { services: new Set(["web"]), sidecars: 2 }],
    ]);
  const app = await createApi({ ...deps, ejections }, silentLog);
  t.after(() => app.close());
  for (const [url, list] of [
    ["/v1/instances?service=orders", "instances"],
    ["/v1/services/orders", "instanceList"],
  ] as const) {
    const response = await app.inject({ url, headers: { host: "localhost" } });
    const [a, b, c] = response.json()[list];
    assert.deepEqual(a.ejectedBy, { services: ["shop", "web"], sidecars: 3 });
    assert.deepEqual([b.ejectedBy.services.length, b.ejectedBy.sidecars], [16, 20]);
    assert.equal(c.ejectedBy, undefined);
  }
  const read = async (url: string) => (await app.inject({ url, headers: { host: "localhost" } })).json();
  const whole = { services: ["web"], sidecars: 2 };
  assert.deepEqual((await read("/v1/services/orders")).ejectedBy, whole);
  const { services: all } = await read("/v1/services");
  assert.deepEqual(
    all.map(({ ejectedBy }: { ejectedBy?: unknown }) => ejectedBy),
    all.map(({ service }: { service: string }) => (service === "orders" ? whole : undefined)),
  );
});
