import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account } from "../../../src/control/explain/account.ts";
import { type Asked, ask } from "../../support/ask.ts";
import { crowd } from "../../support/crowd.ts";
import { handledApp } from "../../support/mesh.ts";
import { policy, type RoutedMesh, route, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { wireApp } from "../../support/wire.ts";

/** What is told of a request, when all is told that there is. */
const explained = (mesh: RoutedMesh, requestId: string, accounts: number): Promise<Account[]> =>
  until(
    async () => {
      const { accounts: told } = (await mesh.get(`explain/${requestId}`)) as { accounts: Account[] };
      return told.length >= accounts ? told : undefined;
    },
    { what: `${accounts} accounts of ${requestId}` },
  );

/** The fields that are the same in any run; the times are only looked at. */
function known({ at, ms, waitedMs = 0, traceparent, instance: _teller, ...account }: Account) {
  assert.ok(waitedMs <= ms);
  assert.ok(Math.abs(at - Date.now()) < 10_000 && ms >= 0 && /^00-/.test(traceparent ?? ""));
  const attempts = account.attempts.map(({ ms: took, afterMs = -1, ...attempt }) => {
    const isWithin = took >= 0 && afterMs >= 0 && afterMs + took <= ms + 0.01;
    assert.ok(isWithin, `an attempt of ${took} ms after ${afterMs} ms in a call of ${ms} ms`);
    return attempt;
  });
  return { ...account, attempts };
}

const answered = (instance: string, status = 200) => ({ instance, code: "", status });
const idOf = ({ headers }: Asked): string => headers["x-request-id"] as string;

for (const server of natsServers())
  test(`nats-server ${server.label}: a routed call is told by caller and callee: rule, why, backend, attempt`, async (t) => {
    const mesh = await routedMesh(t, { server });
    const v1 = await mesh.echo("orders", "1");
    await mesh.echo("orders", "2");
    const shop = await mesh.caller();
    const name = "canary";
    const matches = [{ path: { value: "/buy" }, headers: [{ name: "x-who", value: "me" }] }];
    const backendRefs = [
      { name: "orders", version: "1", weight: 999_999 },
      { name: "orders", version: "2", weight: 1 },
    ];
    await mesh.apply(route("orders", [{ name, matches, backendRefs }], "orders-split"));
    const headers = { "x-request-id": "r-1", "x-who": "me" };
    await ask(shop.listen, "orders.mesh", "/buy/it?secret=1", { method: "PUT", headers });
    const [client, callee, ...more] = await explained(mesh, "r-1", 2);
    assert.deepEqual(more, []);
    assert.deepEqual([client!.instance, callee!.instance], [shop.instance, v1.sidecar.instance]);
    const same = { method: "PUT", path: "/buy/it", caller: "shop", callee: "orders", status: 200, code: "" };
    const attempts = [answered(v1.sidecar.instance)];
    assert.deepEqual(known(client!), {
      ...{ side: "client", service: "shop", ...same, attempts },
      ...{ route: "orders-split", rule: name, why: "PathPrefix /buy, header x-who=me" },
      backend: "orders v1, 999999 of 1000000",
    });
    assert.deepEqual(known(callee!), {
      ...{ side: "server", service: "orders", ...same, attempts, backend: "orders v1" },
    });
    assert.ok(callee!.ms < client!.ms && callee!.at >= client!.at);
  });

test("a call that finds no instance is told with each attempt and its time", async (t) => {
  const mesh = await routedMesh(t);
  const { sidecar } = await mesh.echo("orders", "1");
  await sidecar.leave(0);
  await sidecar.close(0);
  const shop = await mesh.caller();
  const answer = await ask(shop.listen, "orders.mesh", "/gone", { method: "POST" });
  assert.equal(answer.status, 503);
  const [account, ...more] = await explained(mesh, idOf(answer), 1);
  assert.deepEqual(more, []);
  const none = { instance: "", code: "no-instance", status: 503 };
  assert.deepEqual(known(account!), {
    ...{ side: "client", service: "shop", method: "POST", path: "/gone", caller: "shop", callee: "orders" },
    ...{ status: 503, code: "no-instance", message: "orders has no instance" },
    attempts: [none, none, none],
  });
});

test("a call that met a dead app first is told with both attempts, and by both callees", async (t) => {
  const mesh = await routedMesh(t);
  const alive = await mesh.echo("orders", "1");
  const dying = await wireApp(t);
  const dead = await mesh.serve("orders", { host: dying.host, port: dying.port });
  dying.die();
  const shop = await mesh.caller("shop", { limits: { retries: 20 } });
  let count = 0;
  const id = await until(
    async () => {
      const headers = { "x-request-id": `retried-${count++}` };
      const { status, text } = await ask(shop.listen, "orders.mesh", "/", { headers });
      assert.equal(status, 200);
      return JSON.parse(text).headers["weft-attempt"] === "2" ? headers["x-request-id"] : undefined;
    },
    { what: "a call that needed two attempts" },
  );
  const told = await explained(mesh, id, 3);
  const [client] = told.filter(({ side }) => side === "client");
  const { attempts, status, code } = known(client!);
  assert.deepEqual([status, code], [200, ""]);
  assert.deepEqual(
    attempts.map(({ code, status }) => [code, status]),
    [
      ["app-unreachable", 503],
      ["", 200],
    ],
  );
  assert.equal(attempts[1]!.instance, alive.sidecar.instance);
  const callees = told.filter(({ side }) => side === "server").map((one) => [one.instance, one.code]);
  assert.deepEqual(
    new Map(callees as [string, string][]),
    new Map([
      [dead.instance, "app-unreachable"],
      [alive.sidecar.instance, ""],
    ]),
  );
});

test("a call that hangs is told by all who have it while it is under way, and the hop that has ended as ended", async (t) => {
  const mesh = await routedMesh(t);
  const app = await handledApp(t);
  const stock = await mesh.serve("stock", app, { version: "2" });
  const shop = await mesh.caller();
  const headers = { "x-request-id": "hung" };
  const askedStock = async () => {
    const answer = ask(shop.listen, "stock.mesh", "/hangs?secret", { headers });
    return { answer, ...(await app.next()) };
  };
  const first = await askedStock();
  first.response.end();
  await first.answer;
  const hung = await askedStock();
  // The receipt, which says who has the call, comes after 50 ms.
  const told = await until(async () => {
    const accounts = await explained(mesh, "hung", 4);
    return accounts[2]!.attempts[0]!.instance === "" ? undefined : accounts;
  });
  const before = told.slice(0, 2).map(known);
  assert.deepEqual(
    before.map(({ side, status, underWay }) => [side, status, underWay]),
    [
      ["client", 200, undefined],
      ["server", 200, undefined],
    ],
  );
  const same = { method: "GET", path: "/hangs", caller: "shop", callee: "stock", status: 0, code: "" };
  const now = { ...same, attempts: [answered(stock.instance, 0)], backend: "stock v2", underWay: true };
  const [client, callee, ...more] = told.slice(2).map(known);
  // The caller can only name the version when it knew the instance in time.
  assert.deepEqual({ ...client, backend: "stock v2" }, { side: "client", service: "shop", ...now });
  assert.deepEqual(callee, { side: "server", service: "stock", ...now });
  assert.deepEqual(more, []);
  // A head is an outcome, however long its body takes.
  hung.response.write("part");
  await until(async () => {
    const accounts = await explained(mesh, "hung", 4);
    return accounts.length === 4 && accounts.every(({ status, underWay }) => status === 200 && !underWay);
  });
  hung.response.end();
  assert.equal((await hung.answer).text, "part");
});

test("what policy answers by itself is told without an attempt, and the answer names its request", async (t) => {
  const mesh = await routedMesh(t);
  await mesh.echo("orders", "1");
  const shop = await mesh.caller();
  const faulty = { path: { value: "/faulty" } };
  await mesh.apply(
    route("orders", [
      { matches: [faulty, { path: { value: "/well" } }] },
      {
        name: "moved",
        matches: [{ path: { value: "/old" } }],
        filters: [
          {
            type: "RequestRedirect",
            requestRedirect: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/new" } },
          },
        ],
      },
    ]),
    policy("orders", {
      faults: [
        { matches: [{ ...faulty, method: "GET" }], abort: { percent: 100, status: 500 } },
        { matches: [{ ...faulty, method: "PUT" }], delay: { percent: 100, duration: "10s" } },
      ],
    }),
  );
  const told = async (path: string, options: Parameters<typeof ask>[3] = {}) => {
    const answer = await ask(shop.listen, "orders.mesh", path, options);
    const [account, ...more] = await explained(mesh, idOf(answer), 1);
    assert.deepEqual([more, account!.status], [[], answer.status]);
    const { status, code, injected, route, rule, attempts } = account!;
    return { status, code, injected, route, rule, attempts };
  };
  const none = { injected: undefined, route: undefined, rule: undefined, attempts: [] };
  const first = { route: "orders", rule: "1" };
  const late = { method: "PUT", headers: { "weft-timeout": "30ms" } };
  // A question is open for half a second.
  const all = [told("/faulty"), told("/faulty", late), told("/old/x"), told("/none")];
  assert.deepEqual(await Promise.all(all), [
    { ...none, ...first, status: 500, code: "fault", injected: "abort" },
    { ...none, ...first, status: 504, code: "deadline", injected: "delay" },
    { ...none, status: 302, code: "", route: "orders", rule: "moved" },
    { ...none, status: 404, code: "no-route" },
  ]);
});

test("a request that goes on with its id is told from its start to its end, with the copies", async (t) => {
  const mesh = await routedMesh(t);
  await mesh.echo("stock", "1");
  await mesh.echo("stock", "2");
  const orders = await mesh.echo("orders");
  const shop = await mesh.caller();
  await mesh.apply(
    route("stock", [
      {
        backendRefs: [{ name: "stock", version: "1" }],
        filters: [{ type: "RequestMirror", requestMirror: { backendRef: { name: "stock", version: "2" } } }],
      },
    ]),
  );
  // An app goes on with the id that it was told, as with trace headers.
  const headers = { "x-request-id": "through all" };
  for (const [from, to] of [
    [shop.listen, "orders.mesh"],
    [orders.sidecar.listen, "stock.mesh"],
  ] as const)
    await ask(from, to, "/", { headers });
  const told = await explained(mesh, encodeURIComponent("through all"), 6);
  const story = told.map(({ side, caller, callee, mirrored }) =>
    [side, caller, callee, ...(mirrored ? ["copy"] : [])].join(" "),
  );
  assert.deepEqual(story.slice(0, 2), ["client shop orders", "server shop orders"]);
  assert.deepEqual(story.sort(), [
    "client orders stock",
    "client orders stock copy",
    "client shop orders",
    "server orders stock",
    "server orders stock copy",
    "server shop orders",
  ]);
});

test("an id that nobody knows gives an empty list, and the question needs the admin token", async (t) => {
  const mesh = await routedMesh(t);
  await mesh.echo("orders");
  const shop = await mesh.caller();
  await ask(shop.listen, "orders.mesh", "/", { headers: { "x-request-id": "known" } });
  assert.deepEqual(await mesh.get("explain/unknown"), { requestId: "unknown", accounts: [] });
  assert.equal((await fetch(`${mesh.registry.url}/v1/explain/known`)).status, 401);
  const refused = await mesh.get(`explain/${"x".repeat(300)}`);
  assert.equal(refused.error.code, "bad-request");
});

test("a call is still told after many others, and one that failed for longer", async (t) => {
  const mesh = await routedMesh(t);
  await mesh.echo("orders");
  const shop = await mesh.caller();
  const asked = async (host: string, id: string) => {
    await ask(shop.listen, host, "/", { headers: { "x-request-id": id } });
  };
  await asked("nobody.mesh", "failed");
  await asked("orders.mesh", "old");
  await crowd(t, 1100, (i, agent) =>
    ask(shop.listen, "orders.mesh", "/", { headers: { "x-request-id": `n${i}` }, agent }),
  );
  const [old, failed, newer] = await Promise.all([
    mesh.get("explain/old"),
    explained(mesh, "failed", 1),
    explained(mesh, "n100", 2),
  ]);
  assert.equal(old.accounts.length, 2);
  assert.equal(failed[0]!.code, "no-instance");
  assert.equal(newer.length, 2);
});
