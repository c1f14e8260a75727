import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ask } from "../../support/ask.ts";
import { assertShare, crowd } from "../../support/crowd.ts";
import { bytes, hashOf, settled } from "../../support/flow.ts";
import { answersIds, Load } from "../../support/load.ts";
import { handledApp, type SidecarUnderTest, testApp } from "../../support/mesh.ts";
import { metricsOf, total, value } from "../../support/metrics.ts";
import { otlpReceiver } from "../../support/otlp-receiver.ts";
import { type RoutedMesh, route, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { wireApp } from "../../support/wire.ts";

const mirrorTo = (version: string, share: object = {}, name = "orders") => ({
  type: "RequestMirror",
  requestMirror: { backendRef: { name, version }, ...share },
});

/** Sends all calls of `orders` to its version 1, and copies elsewhere. */
const mirrored = (...mirrors: object[]) =>
  route("orders", [{ backendRefs: [{ name: "orders", version: "1" }], filters: mirrors }]);

/** An app that answers ids, as one version of a service. */
async function answering(t: TestContext, mesh: RoutedMesh, service: string, version: string) {
  const ids = answersIds();
  const sidecar = await mesh.serve(service, await testApp(t, ids.handle), { version });
  return { ...ids, sidecar };
}

const mirrorErrors = async ({ admin }: SidecarUnderTest, code: string) =>
  value(await metricsOf(admin!), "weft_mirror_client_errors_total", { code }) ?? 0;

for (const server of natsServers())
  test(`nats-server ${server.label}: each mirror gets its share of the calls, and the real app each call once`, async (t) => {
    const mesh = await routedMesh(t, { server });
    const [real, percent, fraction] = await Promise.all(
      ["1", "2", "3"].map((version) => answering(t, mesh, "orders", version)),
    );
    const all = await answering(t, mesh, "audit", "1");
    const shop = await mesh.caller();
    await mesh.apply(
      mirrored(
        mirrorTo("2", { percent: 30 }),
        mirrorTo("3", { fraction: { numerator: 1, denominator: 8 } }),
        mirrorTo("1", {}, "audit"),
      ),
    );
    const calls = 1500;
    const answers = await crowd(t, calls, (i, agent) =>
      ask(shop.listen, "orders.mesh", `/c${i}`, { method: "POST", body: `${i}`, agent }),
    );
    for (const [i, { status, text }] of answers.entries())
      assert.deepEqual([status, text], [200, `c${i}`], "the answer is the real app's");
    await until(() => all.seen.size === calls, { what: "every call to be copied to audit" });
    await settled(() => percent!.seen.size + fraction!.seen.size);
    assertShare(percent!.seen.size, calls, 0.3);
    assertShare(fraction!.seen.size, calls, 1 / 8);
    assert.equal(real!.seen.size, calls);
    for (const { twice } of [real!, percent!, fraction!, all]) assert.deepEqual(twice(), []);
    assert.equal(await mirrorErrors(shop, "overflow"), 0);
  });

test("shares of 0, and of nothing, copy no call; 100 per cent copies all", async (t) => {
  const mesh = await routedMesh(t);
  const [real, none, noPart, all] = await Promise.all(
    ["1", "2", "3", "4"].map((version) => answering(t, mesh, "orders", version)),
  );
  const shop = await mesh.caller();
  await mesh.apply(
    mirrored(
      mirrorTo("2", { percent: 0 }),
      mirrorTo("3", { fraction: { numerator: 0 } }),
      mirrorTo("4", { percent: 100 }),
    ),
  );
  await crowd(t, 200, (i, agent) => ask(shop.listen, "orders.mesh", `/c${i}`, { agent }));
  await until(() => all!.seen.size === 200);
  assert.deepEqual([real!.seen.size, none!.seen.size, noPart!.seen.size], [200, 0, 0]);
});

test("no mirror can delay, fail or double a call: silent, endless, crashing, refusing, or not there at all", async (t) => {
  const mesh = await routedMesh(t);
  const real = await answering(t, mesh, "orders", "1");
  const silent = await handledApp(t);
  let endless = 0;
  const streaming = await testApp(t, (_request, response) => {
    endless++;
    response.once("close", () => endless--);
    const more = () => {
      while (!response.destroyed && response.write(bytes(16 * 1024)));
    };
    response.on("drain", more);
    more();
  });
  let crashes = 0;
  const crashing = await testApp(t, (request) => {
    crashes++;
    request.socket.destroy();
  });
  const dead = await wireApp(t);
  const { host, port } = dead;
  await mesh.serve("orders", silent, { version: "silent" });
  await mesh.serve("orders", streaming, { version: "endless" });
  await mesh.serve("orders", crashing, { version: "crashing" });
  await mesh.serve("orders", { host, port }, { version: "dead" });
  const leaving = await mesh.serve("orders", silent, { version: "absent" });
  await leaving.leave(0);
  await leaving.close(0);
  const shop = await mesh.caller();
  // A call that takes the place of another would be refused.
  const load = async (what: string) => {
    const calls = new Load(t, shop.listen, 4);
    await until(() => calls.ends.length >= 120, { withinMs: 20_000, what });
    await calls.stop();
    assert.deepEqual(calls.failed, [], what);
    const slowest = Math.max(...calls.ends.map(({ tookMs }) => tookMs));
    assert.ok(slowest < 5000, `${what}: the slowest call took ${slowest} ms`);
    assert.equal(real.seen.size, calls.ends.length, what);
    assert.deepEqual(real.twice(), [], what);
    real.seen.clear();
  };
  for (const version of ["silent", "endless", "crashing", "dead", "absent"]) {
    await mesh.apply(mirrored(mirrorTo(version)));
    // Not earlier: an app that is found dead by its health check is no longer asked.
    if (version === "dead") dead.die();
    await load(version);
  }
  assert.ok(silent.asked.length > 0 && crashes > 0);
  await until(() => endless === 0, { what: "the endless answers to be broken off" });
  for (const code of ["app-reset", "no-instance", "app-unreachable"])
    assert.ok((await mirrorErrors(shop, code)) > 0, code);
  const text = await metricsOf(shop.admin!);
  assert.equal(total(text, "weft_client_errors_total"), 0);
  assert.equal(total(text, "weft_client_attempts_total"), total(text, CALLS.client), "a copy is no attempt");
});

test("more copies than may wait for an answer are dropped, and calls go on", async (t) => {
  const mesh = await routedMesh(t);
  const real = await answering(t, mesh, "orders", "1");
  const silent = await handledApp(t);
  await mesh.serve("orders", silent, { version: "2" });
  const shop = await mesh.caller("shop", { limits: { maxPending: 16 } });
  await mesh.apply(mirrored(mirrorTo("2")));
  await crowd(t, 100, (i, agent) => ask(shop.listen, "orders.mesh", `/c${i}`, { agent }), 4);
  assert.equal(real.seen.size, 100);
  assert.equal(await settled(() => silent.asked.length), 4);
  assert.equal(await mirrorErrors(shop, "overflow"), 96);
  assert.equal(total(await metricsOf(shop.admin!), "weft_client_errors_total"), 0);
});

test("a copy has the same head and body as the call, and says what it is", async (t) => {
  const mesh = await routedMesh(t);
  const seen: Record<string, { head: object; body: string; copy: unknown }[]> = { real: [], copy: [] };
  const noting = (list: string) =>
    testApp(t, async (request, response) => {
      const { method, url, headers } = request;
      const { "weft-mirrored": copy, "weft-timeout": _left, traceparent: _trace, ...rest } = headers;
      const body = hashOf(Buffer.concat(await request.toArray()));
      seen[list]!.push({ head: { method, url, ...rest }, body, copy });
      response.end(body);
    });
  await mesh.serve("orders", await noting("real"), { version: "1" });
  await mesh.serve("orders", await noting("copy"), { version: "2" });
  const shop = await mesh.caller();
  await mesh.apply(mirrored(mirrorTo("2")));
  for (const length of [0, 1, 5000, 128 * 1024])
    for (const method of ["POST", "PUT"]) {
      const headers = { "x-thing": "a b", cookie: "c=1", "weft-mirrored": "nonsense" };
      const body = bytes(length);
      const answer = await ask(shop.listen, "orders.mesh", "/p%20q?a=1&b", { method, headers, body });
      assert.equal(answer.text, hashOf(body));
      await until(() => seen.copy!.length === seen.real!.length, { what: "the copy" });
      const [real, copy] = [seen.real!.at(-1)!, seen.copy!.at(-1)!];
      assert.deepEqual([copy.head, copy.body], [real.head, real.body]);
      assert.deepEqual([real.copy, copy.copy], [undefined, "true"]);
    }
});

const CALLS = {
  client: "http_client_request_duration_seconds_count",
  server: "http_server_request_duration_seconds_count",
  mirrorClient: "weft_mirror_client_request_duration_seconds_count",
  mirrorServer: "weft_mirror_server_request_duration_seconds_count",
};

test("calls and copies are counted apart, on both sides", async (t) => {
  const mesh = await routedMesh(t);
  const real = await answering(t, mesh, "orders", "1");
  const copy = await answering(t, mesh, "orders", "2");
  const shop = await mesh.caller();
  await mesh.apply(mirrored(mirrorTo("2")));
  for (let i = 0; i < 10; i++) await ask(shop.listen, "orders.mesh", `/c${i}`);
  await until(() => copy.seen.size === 10);
  const counts = async ({ admin }: SidecarUnderTest) => {
    const text = await metricsOf(admin!);
    return Object.fromEntries(Object.entries(CALLS).map(([what, name]) => [what, total(text, name)]));
  };
  const none = { client: 0, server: 0, mirrorClient: 0, mirrorServer: 0 };
  await until(async () => (await counts(shop)).mirrorClient === 10, { what: "the copies to have ended" });
  assert.deepEqual(await counts(shop), { ...none, client: 10, mirrorClient: 10 });
  assert.deepEqual(await counts(real.sidecar), { ...none, server: 10 });
  assert.deepEqual(await counts(copy.sidecar), { ...none, mirrorServer: 10 });
  const text = await metricsOf(shop.admin!);
  const labels = { weft_callee: "orders", weft_version: "2", http_route: "orders/1" };
  assert.equal(total(text, CALLS.mirrorClient, labels), 10);
  assert.equal(total(text, CALLS.client, { weft_version: "2" }), 0);
});

test("the span of a copy is a child of the call's in the same trace, and is marked", async (t) => {
  const receiver = await otlpReceiver(t);
  const tracing = { endpoint: receiver.url, ratio: 0 };
  const mesh = await routedMesh(t);
  const real = answersIds();
  const copy = answersIds();
  const orders = await mesh.serve("orders", await testApp(t, real.handle), { version: "1", tracing });
  const shadow = await mesh.serve("orders", await testApp(t, copy.handle), { version: "2", tracing });
  const shop = await mesh.caller("shop", { tracing });
  await mesh.apply(mirrored(mirrorTo("2")));
  const [traceId, spanId] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
  const headers = { traceparent: `00-${traceId}-${spanId}-01` };
  await ask(shop.listen, "orders.mesh", "/one", { headers });
  await until(async () => total(await metricsOf(shop.admin!), CALLS.mirrorClient) === 1);
  // Closing sends what is queued.
  await Promise.all([shop, orders, shadow].map((sidecar) => sidecar.close(0)));
  const spans = receiver.spans();
  assert.equal(spans.length, 4);
  assert.ok(spans.every((span) => span.traceId === traceId));
  const childrenOf = (parent: string) => spans.filter(({ parentSpanId }) => parentSpanId === parent);
  const [call, ...more] = childrenOf(spanId);
  assert.deepEqual([more.length, call!.attributes["weft.mirrored"]], [0, undefined]);
  const isMirrored = (span: { attributes: object }) => "weft.mirrored" in span.attributes;
  const below = childrenOf(call!.spanId);
  assert.deepEqual(below.map((span) => [span.service, isMirrored(span)]).sort(), [
    ["orders", false],
    ["shop", true],
  ]);
  const [served] = childrenOf(below.find(isMirrored)!.spanId);
  assert.deepEqual([served?.service, served?.attributes["weft.mirrored"]], ["orders", true]);
});
