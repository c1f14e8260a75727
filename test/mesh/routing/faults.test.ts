import assert from "node:assert/strict";
import { test } from "node:test";
import { type Asked, ask } from "../../support/ask.ts";
import { assertShare, crowd } from "../../support/crowd.ts";
import { start } from "../../support/flow.ts";
import { answersIds } from "../../support/load.ts";
import { testApp } from "../../support/mesh.ts";
import { metricsOf, total, value } from "../../support/metrics.ts";
import { otlpReceiver } from "../../support/otlp-receiver.ts";
import { policy, route, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";
import { sidecarProcess } from "../../support/sidecar-process.ts";
import { until } from "../../support/until.ts";

const faults = (...faults: object[]) => policy("orders", { faults });
const header = (name: string, value: string) => ({ headers: [{ name, value }] });
const always = 100;

const timed = async (call: Promise<Asked>) => {
  const startedAt = performance.now();
  const answer = await call;
  return { answer, tookMs: performance.now() - startedAt };
};

const DELAY_MS = 60;

for (const server of natsServers())
  test(`nats-server ${server.label}: delay and abort meet their shares, and no app sees an aborted call`, async (t) => {
    const mesh = await routedMesh(t, { server });
    const ids = answersIds();
    await mesh.serve("orders", await testApp(t, ids.handle));
    const shop = await mesh.caller();
    await mesh.apply(
      faults({
        delay: { percent: 40, duration: `${DELAY_MS}ms` },
        abort: { percent: 12.5, status: 429 },
      }),
    );
    const calls = 1200;
    const ends = await crowd(
      t,
      calls,
      (i, agent) => timed(ask(shop.listen, "orders.mesh", `/c${i}`, { agent })),
      32,
    );
    const aborted = ends.flatMap(({ answer }, i) => (answer.status === 200 ? [] : [i]));
    for (const i of aborted) {
      const { status, headers, text } = ends[i]!.answer;
      assert.deepEqual([status, headers["weft-error"]], [429, "fault"]);
      assert.match(text, /policy answers for orders .*fault/);
      assert.equal(ids.seen.has(`c${i}`), false, "the app saw a call that was aborted");
    }
    assert.equal(ids.seen.size, calls - aborted.length);
    assert.deepEqual(ids.twice(), []);
    assertShare(aborted.length, calls, 0.125);

    const text = await metricsOf(shop.admin!);
    const injected = (fault: string) => value(text, "weft_client_injected_faults_total", { fault }) ?? 0;
    const delayed = injected("delay") + injected("delay,abort");
    assertShare(delayed, calls, 0.4);
    assert.equal(injected("abort") + injected("delay,abort"), aborted.length);
    // Both are drawn by themselves.
    assertShare(injected("delay,abort"), calls, 0.4 * 0.125);
    assert.equal(value(text, "weft_client_errors_total", { code: "fault" }), aborted.length);
    const slow = ends.filter(({ tookMs }) => tookMs >= DELAY_MS - 1).length;
    assert.ok(slow >= delayed, `${slow} calls took their delay, where ${delayed} were delayed`);
  });

test("the first fault that is about a call counts: by header, path, method, query and caller", async (t) => {
  const mesh = await routedMesh(t);
  const ids = answersIds();
  await mesh.serve("orders", await testApp(t, ids.handle));
  const shop = await mesh.caller("shop");
  const portal = await mesh.caller("portal");
  const abort = (status: number) => ({ abort: { percent: always, status } });
  await mesh.apply(
    faults(
      { matches: [header("x-test", "none")], abort: { percent: 0, status: 599 } },
      { matches: [header("x-test", "one"), { path: { type: "Exact", value: "/one" } }], ...abort(501) },
      { matches: [{ method: "DELETE", queryParams: [{ name: "hard", value: "yes" }] }], ...abort(502) },
      { matches: [{ path: { type: "RegularExpression", value: "/o[a-z]+" } }], ...abort(503) },
      { matches: [header("weft-caller", "portal")], ...abort(504) },
      { matches: [header("x-test", "one")], ...abort(599) },
    ),
  );
  const status = async (path: string, options: Parameters<typeof ask>[3] = {}, from = shop) =>
    (await ask(from.listen, "orders.mesh", path, options)).status;
  assert.equal(await status("/", { headers: { "x-test": "one" } }), 501);
  assert.equal(await status("/one"), 501);
  assert.equal(await status("/one?q"), 501);
  assert.equal(await status("/other"), 503);
  assert.equal(await status("/?hard=yes", { method: "DELETE" }), 502);
  assert.equal(await status("/?hard=no", { method: "DELETE" }), 200);
  assert.equal(
    await status("/other", { headers: { "x-test": "none" } }),
    200,
    "a share of 0 is the end, too",
  );
  assert.equal(await status("/", { headers: { "x-test": "none" } }, portal), 200);
  assert.equal(await status("/", {}, portal), 504);
  assert.equal(await status("/other", {}, portal), 503);
  assert.equal(
    await status("/", { headers: { "weft-caller": "portal" } }),
    200,
    "who calls is not what it says",
  );
  assert.equal(await status("/"), 200);
});

test("a delay is part of the call's time: the deadline ends it, and the app never sees it", async (t) => {
  const mesh = await routedMesh(t);
  const ids = answersIds();
  await mesh.serve("orders", await testApp(t, ids.handle));
  const shop = await mesh.caller();
  await mesh.apply(
    faults({ delay: { percent: always, duration: "10s" } }),
    route("orders", [{ backendRefs: [{ name: "orders" }], timeouts: { request: "200ms" } }]),
  );
  const { answer, tookMs } = await timed(ask(shop.listen, "orders.mesh", "/late"));
  assert.deepEqual([answer.status, answer.headers["weft-error"]], [504, "deadline"]);
  assert.match(
    answer.text,
    /no answer within \d{3} ms \(.* allows \d+ ms\): it waited \d{3} ms, and it ended in an injected delay of 10000 ms/,
  );
  assert.ok(tookMs >= 199 && tookMs < 5000, `it took ${tookMs} ms`);
  assert.equal(ids.seen.size, 0);

  // What is left after a delay is what the app is told.
  const told = await testApp(t, (request, response) => response.end(request.headers["weft-timeout"]));
  await mesh.serve("stock", told);
  await mesh.apply(policy("stock", { faults: [{ delay: { percent: always, duration: "300ms" } }] }));
  const left = await ask(shop.listen, "stock.mesh", "/", { headers: { "weft-timeout": "5s" } });
  assert.ok(Number.parseInt(left.text, 10) <= 4700, left.text);
});

test("a caller that leaves ends the delay of its call", async (t) => {
  const mesh = await routedMesh(t);
  const ids = answersIds();
  await mesh.serve("orders", await testApp(t, ids.handle));
  const shop = await mesh.caller("shop", { limits: { maxPending: 1 } });
  await mesh.apply(
    faults({ matches: [header("x-slow", "1")], delay: { percent: always, duration: "1h" } }),
    route("orders", [{ backendRefs: [{ name: "orders" }], timeouts: { request: "0s" } }]),
  );
  const { sent, answer } = start(t, shop.listen, "GET", "/", { "x-slow": "1" });
  sent.end();
  const code = async () => (await ask(shop.listen, "orders.mesh")).headers["weft-error"];
  await until(async () => (await code()) === "overflow", { what: "the delayed call to hold the only place" });
  sent.destroy();
  await assert.rejects(answer);
  await until(async () => (await code()) === undefined, { what: "the place to be free" });
});

test("faults are marked in spans and in the access log, which tells them from real trouble", async (t) => {
  const receiver = await otlpReceiver(t);
  const mesh = await routedMesh(t);
  const ids = answersIds();
  await mesh.serve("orders", await testApp(t, ids.handle));
  const shop = await mesh.caller("shop", { tracing: { endpoint: receiver.url, ratio: 1 } });
  const logging = await sidecarProcess(mesh.broker, "portal");
  const delay = { percent: always, duration: "20ms" };
  const abort = { percent: always, status: 418 };
  await mesh.apply(
    faults(
      { matches: [header("x-fault", "delay")], delay },
      { matches: [header("x-fault", "abort")], abort },
      { matches: [header("x-fault", "both")], delay, abort },
      { matches: [header("x-fault", "late")], delay: { percent: always, duration: "5s" } },
    ),
  );
  const kinds = ["none", "delay", "abort", "both", "late"];
  for (const kind of kinds)
    for (const { listen } of [shop, logging]) {
      const headers = {
        "x-fault": kind,
        "x-request-id": kind,
        ...(kind === "late" && { "weft-timeout": "50ms" }),
      };
      await ask(listen, "orders.mesh", `/${kind}`, { headers });
    }
  await shop.close(0);
  await logging.stop();
  const spans = receiver.spans();
  assert.deepEqual(
    kinds.map((kind) => {
      const { attributes } = spans.find(({ attributes }) => attributes["url.path"] === `/${kind}`)!;
      return [attributes["weft.injected"], attributes["http.response.status_code"], attributes["error.type"]];
    }),
    [
      [undefined, 200, undefined],
      ["delay", 200, undefined],
      ["abort", 418, "fault"],
      ["delay,abort", 418, "fault"],
      ["delay", 504, "deadline"],
    ],
  );
  const lines = logging.printed.filter(({ log }) => log === "access");
  assert.deepEqual(
    kinds.map((kind) => {
      const { injected, flag, status, errorCode } = lines.find(({ requestId }) => requestId === kind);
      return [injected, flag, status, errorCode];
    }),
    [
      ["", "-", 200, undefined],
      ["delay", "DI", 200, undefined],
      ["abort", "FI", 418, "fault"],
      ["delay,abort", "DI,FI", 418, "fault"],
      ["delay", "DI,UT", 504, "deadline"],
    ],
  );
});

test("a fault holds for calls that a rule takes, for those of no rule, and for uploads under way", async (t) => {
  const mesh = await routedMesh(t);
  const ids = answersIds();
  await mesh.serve("orders", await testApp(t, ids.handle), { version: "2" });
  const shop = await mesh.caller();
  await mesh.apply(faults({ abort: { percent: always, status: 503 } }));
  const expectFault = async (options: Parameters<typeof ask>[3] = {}, host = "orders.mesh") => {
    const { status, headers } = await ask(shop.listen, host, "/", options);
    assert.deepEqual([status, headers["weft-error"]], [503, "fault"]);
  };
  await expectFault();
  await expectFault({ method: "PUT", body: Buffer.alloc(3_000_000) });
  await expectFault({}, "v2.orders.mesh");
  await mesh.apply(route("orders", [{ backendRefs: [{ name: "orders", version: "2" }] }]));
  await expectFault();
  await mesh.post("delete", { resources: [{ kind: "ServicePolicy", name: "orders" }] });
  await mesh.allInStep();
  assert.equal((await ask(shop.listen, "orders.mesh")).status, 200);
  assert.equal(total(await metricsOf(shop.admin!), "weft_client_injected_faults_total"), 4);
});
