import assert from "node:assert/strict";
import { test } from "node:test";
import type { CalleeView } from "../../../sidecar/outbound/callee-view.ts";
import type { Account } from "../../../src/control/explain/account.ts";
import { ask } from "../../support/ask.ts";
import { handledApp, type SidecarUnderTest } from "../../support/mesh.ts";
import { metricsOf, value } from "../../support/metrics.ts";
import { otlpReceiver } from "../../support/otlp-receiver.ts";
import { policy, type RoutedMesh, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { Fleet } from "./fleet.ts";

const ROUND = { balance: { policy: "round-robin" } };

const calleeOf = async (from: SidecarUnderTest): Promise<CalleeView> => {
  const { text } = await ask(from.admin!, "localhost", "/endpoints");
  return JSON.parse(text).callees.find(({ service }: CalleeView) => service === "orders");
};

const call = (from: SidecarUnderTest, id: string, options: Parameters<typeof ask>[3] = {}) =>
  ask(from.listen, "orders.mesh", `/${id}`, {
    ...options,
    headers: { "x-request-id": id, ...options.headers },
  });

/** What the caller, or the callee, tells of a request. */
const accountOf = (mesh: RoutedMesh, id: string, side: Account["side"] = "client"): Promise<Account> =>
  until(
    async () => {
      const { accounts } = (await mesh.get(`explain/${id}`)) as { accounts: Account[] };
      return accounts.find((account) => account.side === side);
    },
    { what: `the ${side}'s account of ${id}` },
  );

for (const server of natsServers())
  test(`nats-server ${server.label}: an ejection is seen in metrics, endpoints, spans, explanations, instances and services`, async (t) => {
    const receiver = await otlpReceiver(t);
    const mesh = await routedMesh(t, { server });
    const fleet = new Fleet(t, mesh);
    const failing = await fleet.add();
    const well = await fleet.add();
    const shop = await mesh.caller("shop", { tracing: { endpoint: receiver.url, ratio: 1 } });
    await fleet.isKnownTo(shop);
    await mesh.apply(policy("orders", { ...ROUND, breaker: { consecutiveFailures: 3, minPenalty: "30s" } }));
    failing.deed = { status: 500 };
    let last = "";
    for (let i = 0; failing.seen.length < 3; i++) {
      last = `id-${i}`;
      await call(shop, last);
    }
    await until(async () => (await calleeOf(shop)).ejections["consecutive-failures"] === 1);
    const { endpoints, budget, parked } = await calleeOf(shop);
    const stateOf = (instance: string) => endpoints.find((one) => one.instance === instance)!;
    assert.equal(stateOf(well.instance).state, "admitting");
    const out = stateOf(failing.instance);
    assert.deepEqual([out.state, out.ejections, out.outstanding], ["ejected", 1, 0]);
    assert.ok(out.ejectedForMs! > 20_000);
    assert.deepEqual([budget.left >= 10, parked], [true, undefined]);

    const text = await metricsOf(shop.admin!);
    const of = { weft_callee: "orders" };
    assert.equal(value(text, "weft_ejections_total", { ...of, reason: "consecutive-failures" }), 1);
    assert.equal(value(text, "weft_endpoints", { ...of, state: "ejected" }), 1);
    assert.equal(value(text, "weft_endpoints", { ...of, state: "admitting" }), 1);

    const instances = async () => (await mesh.get("instances?service=orders")).instances;
    const seenByOthers = await until(
      async () =>
        (await instances()).find(({ ejectedBy }: { ejectedBy?: unknown }) => ejectedBy !== undefined),
      { what: "the registry to be told of the ejection" },
    );
    assert.equal(seenByOthers.instance, failing.instance);
    assert.equal(seenByOthers.state, "up", "the registry knows what it hears itself");
    assert.deepEqual(seenByOthers.ejectedBy, { services: ["shop"], sidecars: 1 });

    assert.equal((await accountOf(mesh, last)).marks, "ejected");

    const whole = { consecutiveFailures: 0, minPenalty: "30s", service: { consecutiveFailures: 3 } };
    await mesh.apply(policy("orders", { ...ROUND, breaker: whole }));
    well.deed = { status: 500 };
    const orders = () => mesh.get("services/orders");
    const givenUp = await until(
      async () => {
        await call(shop, "whole");
        return (await orders()).ejectedBy;
      },
      { what: "the registry to be told of the service that was given up" },
    );
    assert.deepEqual(givenUp, { services: ["shop"], sidecars: 1 });
    await shop.close(0);
    const told = receiver.spans().flatMap(({ events }) => events);
    assert.deepEqual(
      told.filter(({ name }) => name === "ejected").map(({ attributes }) => attributes["weft.instance"]),
      [failing.instance],
    );
    await until(
      async () => (await instances()).every(({ ejectedBy }: { ejectedBy?: unknown }) => !ejectedBy),
      {
        what: "the registry to forget what a caller that has left said",
      },
    );
    assert.equal((await orders()).ejectedBy, undefined);
  });

test("retries, what their budget refused, and hedges are counted, traced and explained", async (t) => {
  const receiver = await otlpReceiver(t);
  const mesh = await routedMesh(t);
  const fleet = new Fleet(t, mesh);
  await fleet.add();
  await fleet.add();
  const retryBudget = { percent: 0, minRetryRate: 1 };
  const spec = { ...ROUND, breaker: { consecutiveFailures: 0 }, retry: { codes: [503], backoff: "1ms" } };
  const shop = await mesh.caller("shop", { tracing: { endpoint: receiver.url, ratio: 1 } });
  await fleet.isKnownTo(shop);
  await mesh.apply(policy("orders", { ...spec, retryBudget }));
  fleet.script("/again", { status: 503 }, {});
  assert.equal((await call(shop, "again")).status, 200);
  fleet.script("/over", { status: 503 });
  assert.equal((await call(shop, "over")).status, 503, "the last answer stands");
  const of = { weft_callee: "orders" };
  const one = await metricsOf(shop.admin!);
  assert.equal(value(one, "weft_retry_attempts_total", of), 1);
  assert.equal(value(one, "weft_retry_refused_total", of), 1);
  assert.ok(value(one, "weft_retry_budget_left", of)! <= 1);

  await mesh.apply(policy("orders", { ...spec, hedge: { delay: "50ms" } }));
  fleet.script("/hedged", { afterMs: 3000 }, {});
  assert.equal((await call(shop, "hedged")).status, 200);
  const two = await metricsOf(shop.admin!);
  assert.deepEqual(
    ["attempts", "wins"].map((what) => value(two, `weft_hedge_${what}_total`, of)),
    [1, 1],
  );
  const marks = await Promise.all(
    ["again", "over", "hedged"].map(async (id) => (await accountOf(mesh, id)).marks),
  );
  assert.deepEqual(marks, [undefined, "over-budget", "hedged, hedge-won"]);
  await shop.close(0);
  const eventsOf = (id: string) => {
    const span = receiver.spans().find(({ attributes }) => attributes["url.path"] === `/${id}`)!;
    return span.events.map(({ name, attributes }) => [name, attributes["http.response.status_code"]]);
  };
  assert.deepEqual(eventsOf("again"), [["retry", 503]]);
  assert.deepEqual(eventsOf("over"), [["over-budget", undefined]]);
  assert.deepEqual(eventsOf("hedged"), [
    ["hedged", undefined],
    ["hedge-won", undefined],
  ]);
});

test("calls that were held for an instance are counted, shown and explained", async (t) => {
  const mesh = await routedMesh(t);
  const echo = await mesh.echo("orders");
  const shop = await mesh.caller();
  await call(shop, "first");
  await mesh.apply(policy("orders", { park: { maxWait: "2s", maxCalls: 1 } }));
  await echo.sidecar.leave(0);
  await echo.sidecar.close(0);
  await echo.sidecar.bus.flush();
  const held = call(shop, "held");
  await until(async () => (await calleeOf(shop)).parked?.held === 1);
  assert.equal((await call(shop, "no-room")).headers["weft-error"], "no-instance");
  assert.equal(value(await metricsOf(shop.admin!), "weft_parked", { weft_callee: "orders" }), 1);
  assert.equal((await held).headers["weft-error"], "parked-expired");
  const text = await metricsOf(shop.admin!);
  assert.deepEqual(
    ["weft_parked", "weft_parked_total", "weft_parked_expired_total"].map((name) => value(text, name)),
    [0, 1, 1],
  );
  assert.ok(value(text, "weft_park_full_total")! >= 1);
  const { marks, waitedMs } = await accountOf(mesh, "held");
  assert.equal(marks, "parked");
  assert.ok(waitedMs! >= 1500 && waitedMs! < 4000, `it waited ${waitedMs} ms`);
});

test("the app's places, the queue before them, and what was turned away, are seen on the callee's side", async (t) => {
  const receiver = await otlpReceiver(t);
  const mesh = await routedMesh(t);
  const app = await handledApp(t);
  const tracing = { endpoint: receiver.url, ratio: 1 };
  const orders = await mesh.serve("orders", app, { tracing });
  const shop = await mesh.caller("shop", { tracing });
  const warm = call(shop, "warm");
  (await app.next()).response.end();
  await warm;
  await mesh.apply(
    policy("orders", {
      retry: { attempts: 0 },
      limits: { maxConcurrency: 1, queue: { calls: 1, wait: "10s" }, priority: { header: "priority" } },
    }),
  );
  await until(async () => (await calleeOf(shop)).endpoints.length === 1);
  const running = call(shop, "running");
  const { response } = await app.next();
  const busy = (counts: [number, number]) =>
    until(async () => {
      const text = await metricsOf(orders.admin!);
      const now = ["running", "waiting"].map((what) => value(text, `weft_concurrency_${what}`));
      return now.join() === counts.join();
    });
  const lazy = call(shop, "lazy", { headers: { priority: "u=6" } });
  await busy([1, 1]);
  const urgent = call(shop, "urgent", { headers: { priority: "u=1" } });
  assert.equal((await lazy).headers["weft-error"], "overloaded");
  await until(async () => (await calleeOf(shop)).endpoints[0]!.mark === undefined);
  const refused = await call(shop, "too-many", { headers: { priority: "u=5" } });
  assert.equal(refused.headers["weft-error"], "overloaded");
  const text = await metricsOf(orders.admin!);
  assert.deepEqual(
    [
      ...["weft_concurrency_limit", "weft_queued_total", "weft_shed_total", "weft_overloaded_total"],
      ...["weft_concurrency_running", "weft_concurrency_waiting"],
    ].map((name) => value(text, name)),
    [1, 2, 1, 1, 1, 1],
  );
  await until(async () => (await mesh.get("instances?service=orders")).instances[0].stats?.full === true, {
    what: "the registry to be told that it is at its limit",
  });
  response.end();
  (await app.next()).response.end();
  assert.deepEqual([(await running).status, (await urgent).status], [200, 200]);
  const marks = await Promise.all(
    ["running", "lazy", "urgent"].map(async (id) => (await accountOf(mesh, id, "server")).marks),
  );
  assert.deepEqual(marks, [undefined, "queued, shed", "queued"]);
  await orders.close(0);
  const span = receiver
    .spans()
    .find(({ service, attributes }) => service === "orders" && attributes["url.path"] === "/urgent")!;
  assert.deepEqual(
    span.events.map(({ name }) => name),
    ["queued"],
  );
  assert.ok(Number(span.attributes["weft.waited_ms"]) > 0);
});

test("calls above a rate are counted by who made them", async (t) => {
  const mesh = await routedMesh(t);
  const { sidecar } = await mesh.echo("orders");
  await mesh.apply(policy("orders", { rateLimit: { local: { requests: 1, interval: "1h", burst: 1 } } }));
  const shop = await mesh.caller();
  const portal = await mesh.caller("portal");
  const statuses = [];
  for (const from of [shop, shop, shop, portal, portal]) statuses.push((await call(from, "x")).status);
  const limited = statuses.filter((status) => status === 429).length;
  const text = await metricsOf(sidecar.admin!);
  const of = (weft_caller: string) => value(text, "weft_rate_limited_total", { weft_caller, limit: "local" });
  assert.ok(limited >= 3);
  assert.equal((of("shop") ?? 0) + (of("portal") ?? 0), limited);
  assert.equal(of("shop"), 2);
});

test("a name that nobody serves, and calls that no policy touches, make no series and no marks", async (t) => {
  const mesh = await routedMesh(t);
  await mesh.echo("orders");
  const shop = await mesh.caller();
  await ask(shop.listen, "nobody.mesh");
  await call(shop, "plain");
  const text = await metricsOf(shop.admin!);
  assert.doesNotMatch(text, /^weft_(?:retry|hedge|ejections|endpoints|park)\w*\{[^}]*nobody/m);
  assert.equal(value(text, "weft_retry_attempts_total", { weft_callee: "orders" }), 0);
  assert.equal(value(text, "weft_parked", { weft_callee: "orders" }), undefined);
  const { marks, waitedMs } = await accountOf(mesh, "plain");
  assert.deepEqual([marks, waitedMs], [undefined, undefined]);
});
