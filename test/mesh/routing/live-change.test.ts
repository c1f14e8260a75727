import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { connectBus } from "../../../src/bus/nats-bus.ts";
import { registry } from "../../../src/subjects/subjects.ts";
import { ask } from "../../support/ask.ts";
import { testBroker } from "../../support/broker.ts";
import { Load } from "../../support/load.ts";
import { handledApp, type SidecarUnderTest, testApp, testSidecar } from "../../support/mesh.ts";
import { openCredentials } from "../../support/open-credentials.ts";
import { relayTo } from "../../support/relay.ts";
import { askEcho, policy, type RoutedMesh, route, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";
import { stateFolder } from "../../support/state.ts";
import { until } from "../../support/until.ts";

const toVersion = (version: string) => route("orders", [{ backendRefs: [{ name: "orders", version }] }]);
const abortAll = (status: number) => policy("orders", { faults: [{ abort: { percent: 100, status } }] });

const versionFor = async (from: SidecarUnderTest) => (await askEcho(from, "orders.mesh")).echo?.version;

/** An app that answers ids, and notes by whom it was called last, and when. */
async function noting(t: TestContext, mesh: RoutedMesh, version: string) {
  const calledAt = new Map<unknown, number>();
  const app = await testApp(t, (request, response) => {
    calledAt.set(request.headers["weft-caller"], performance.now());
    response.end(request.url?.slice(1));
  });
  await mesh.serve("orders", app, { version });
  return calledAt;
}

for (const server of natsServers())
  test(`nats-server ${server.label}: a change acts within a second on running traffic, and no call fails`, async (t) => {
    const mesh = await routedMesh(t, { server });
    const calledAt = { "1": await noting(t, mesh, "1"), "2": await noting(t, mesh, "2") };
    const callers = ["shop", "portal"];
    await mesh.apply(toVersion("2"));
    const loads = await Promise.all(
      callers.map(async (name) => new Load(t, (await mesh.caller(name)).listen, 2)),
    );
    await until(() => calledAt["2"].size === 2);
    let slowestMs = 0;
    for (let i = 0; i < 20; i++) {
      const version = i % 2 === 0 ? "1" : "2";
      const appliedAt = performance.now();
      const { status } = await mesh.post("apply", { resources: [toVersion(version)] });
      assert.equal(status, 200);
      const obeyed = callers.map(async (caller) => {
        await until(() => calledAt[version].get(caller)! > appliedAt, { what: `${caller} to obey` });
        slowestMs = Math.max(slowestMs, performance.now() - appliedAt);
      });
      await Promise.all(obeyed);
    }
    t.diagnostic(`the slowest change took ${Math.round(slowestMs)} ms`);
    assert.ok(slowestMs < 1000, `a change took ${slowestMs} ms`);
    await mesh.allInStep();
    const inStepAt = performance.now();
    await until(() => callers.every((caller) => calledAt["2"].get(caller)! > inStepAt + 100));
    for (const load of loads) {
      await load.stop();
      assert.deepEqual(load.failed, []);
      assert.ok(load.ends.length > 100);
    }
    for (const caller of callers)
      assert.ok(calledAt["1"].get(caller)! < inStepAt, `${caller} says that it is in step, and is not`);
  });

test("what is deleted no longer acts, and a rollback brings it back", async (t) => {
  const mesh = await routedMesh(t);
  for (const version of ["1", "2"]) await mesh.echo("orders", version);
  const shop = await mesh.caller();
  const done = async (path: string, body: object) => {
    const { status } = await mesh.post(path, body);
    assert.equal(status, 200);
    await mesh.allInStep();
  };
  const versions = async () => {
    // Side by side: one by one they would all go to whichever is the faster at the moment.
    const met = await Promise.all(Array.from({ length: 40 }, () => versionFor(shop)));
    return [...new Set(met)].sort();
  };
  const refusal = async () => (await ask(shop.listen, "orders.mesh")).status;
  assert.deepEqual(await versions(), ["1", "2"]);
  await mesh.apply(toVersion("2"), abortAll(418));
  assert.equal(await refusal(), 418);
  await done("delete", { resources: [{ kind: "ServicePolicy", name: "orders" }] });
  assert.deepEqual(await versions(), ["2"]);
  await done("rollback", {});
  assert.equal(await refusal(), 418);
  await done("delete", {
    resources: [
      { kind: "ServicePolicy", name: "orders" },
      { kind: "HTTPRoute", name: "orders" },
    ],
  });
  assert.deepEqual(await versions(), ["1", "2"]);
  const { revisions } = await mesh.get("policy/history");
  const noFault = revisions.find((one: { deleted: number }) => one.deleted === 1).revision;
  await done("rollback", { revision: noFault });
  assert.deepEqual(await versions(), ["2"]);
  assert.deepEqual((await mesh.post("apply", { resources: [{ kind: "Nonsense" }] })).status, 422);
  assert.deepEqual(await versions(), ["2"]);
});

test("a call under way ends by the rules that it began with", async (t) => {
  const mesh = await routedMesh(t);
  const app = await handledApp(t);
  await mesh.serve("orders", app);
  const shop = await mesh.caller();
  const call = ask(shop.listen, "orders.mesh");
  const { response } = await app.next();
  await mesh.apply(abortAll(503), route("orders", [{ timeouts: { request: "1ms" } }]));
  assert.equal((await ask(shop.listen, "orders.mesh")).headers["weft-error"], "fault");
  response.end("in peace");
  assert.equal((await call).text, "in peace");
});

test("the first call of a sidecar that has only just started obeys, whoever else calls at once", async (t) => {
  const mesh = await routedMesh(t);
  for (const version of ["1", "2"]) await mesh.echo("orders", version);
  for (let i = 0; i < 20; i++) {
    // Alternating, so that what an earlier one knew is wrong.
    const version = String(1 + (i % 2));
    assert.equal((await mesh.post("apply", { resources: [toVersion(version)] })).status, 200);
    const shop = await mesh.caller("shop");
    const met = await Promise.all(Array.from({ length: 4 }, () => versionFor(shop)));
    assert.deepEqual(met, Array(4).fill(version), `sidecar ${i + 1}`);
    await shop.close(0);
  }
});

test("a service that is called for the first time is waited for, though others are known long since", async (t) => {
  const mesh = await routedMesh(t);
  await mesh.echo("stock");
  for (const version of ["1", "2"]) await mesh.echo("orders", version);
  const shop = await mesh.caller();
  await ask(shop.listen, "stock.mesh");
  await mesh.apply(toVersion("2"));
  const met = await Promise.all(Array.from({ length: 8 }, () => versionFor(shop)));
  assert.deepEqual(met, Array(8).fill("2"));
});

test("without a registry a sidecar that starts again does what it did, by what it has on disk", async (t) => {
  const mesh = await routedMesh(t);
  for (const version of ["1", "2"]) await mesh.echo("orders", version);
  const policyFolder = join(stateFolder(t), "policy");
  const first = await mesh.caller("shop", { policyFolder });
  await mesh.apply(toVersion("2"));
  assert.equal(await versionFor(first), "2");
  await mesh.stopRegistry();
  for (let i = 0; i < 10; i++) assert.equal(await versionFor(first), "2");
  await first.close(0);
  assert.ok(existsSync(join(policyFolder, "policy.json")));

  const again = await mesh.caller("shop", { policyFolder });
  const startedAt = performance.now();
  for (let i = 0; i < 10; i++) assert.equal(await versionFor(again), "2");
  // Of a service that it never called nothing is on the disk, and nobody can be asked.
  assert.equal((await ask(again.listen, "nobody.mesh")).headers["weft-error"], "no-instance");
  assert.ok(performance.now() - startedAt < 1000);
  assert.deepEqual(
    again.said.filter((line) => !line.startsWith("info")),
    [],
  );
});

test("a sidecar that knows nothing moves traffic at once where no registry is", async (t) => {
  const broker = await testBroker(t);
  const app = await testApp(t, (_request, response) => response.end("served"));
  await testSidecar(broker, "orders", { app });
  const shop = await testSidecar(broker, "shop");
  const startedAt = performance.now();
  assert.equal((await ask(shop.listen, "orders.mesh")).text, "served");
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs < 900, `the first call took ${tookMs} ms`);
});

test("a registry that hears and does not answer holds up the first calls for a second, and no others", async (t) => {
  const broker = await testBroker(t);
  const mute = await connectBus(openCredentials(broker.url), "mute");
  broker.beforeEnd(() => mute.close());
  const asked: string[] = [];
  mute.subscribe(registry.everyGetOf("policy"), undefined, ({ subject }) => void asked.push(subject));
  await mute.flush();
  const app = await testApp(t, (_request, response) => response.end("served"));
  await testSidecar(broker, "orders", { app });
  const shop = await testSidecar(broker, "shop");
  const timed = async () => {
    const startedAt = performance.now();
    assert.equal((await ask(shop.listen, "orders.mesh")).text, "served");
    return performance.now() - startedAt;
  };
  const first = await Promise.all([timed(), timed()]);
  assert.ok(asked.length > 0);
  for (const tookMs of first) assert.ok(tookMs > 900 && tookMs < 5000, `it took ${tookMs} ms`);
  for (let i = 0; i < 5; i++) assert.ok((await timed()) < 900);
});

test("who lags is shown: a sidecar that no longer hears, until it does; and who is no instance", async (t) => {
  const mesh = await routedMesh(t);
  await mesh.echo("orders", "1");
  const relay = await relayTo(t, mesh.broker.port);
  const bus = await connectBus(openCredentials(relay.url), "portal");
  const portal = await mesh.caller("portal", { bus });
  const shop = await mesh.caller("shop");
  await mesh.apply(toVersion("1"));
  await ask(portal.listen, "orders.mesh");
  await ask(shop.listen, "orders.mesh");
  await mesh.allInStep();
  const rows = async () => {
    const { revision, sidecars } = await mesh.get("sidecars");
    return Object.fromEntries(
      sidecars.map(({ service, role, lagging, policyRevision }: Record<string, unknown>) => [
        service,
        { role, lagging, behind: revision - Number(policyRevision) },
      ]),
    );
  };
  const inStep = { lagging: false, behind: 0 };
  const all = {
    orders: { role: "instance", ...inStep },
    portal: { role: "caller", ...inStep },
    shop: { role: "caller", ...inStep },
  };
  assert.deepEqual(await rows(), all);

  const hearAgain = relay.deafen();
  assert.equal((await mesh.post("apply", { resources: [abortAll(418)] })).status, 200);
  const lagging = { ...all, portal: { role: "caller", lagging: true, behind: 1 } };
  await until(async () => JSON.stringify(await rows()) === JSON.stringify(lagging), {
    what: "all but the portal to be in step",
  });
  assert.equal((await ask(shop.listen, "orders.mesh")).status, 418);
  hearAgain();
  await mesh.allInStep();
  assert.deepEqual(await rows(), all);
  assert.equal((await ask(portal.listen, "orders.mesh")).status, 418);
});
