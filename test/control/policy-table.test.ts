import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { PolicyTable } from "../../src/control/follow/policy-table.ts";
import { pack } from "../../src/registry/frame.ts";
import { SILENT_AFTER_MS } from "../../src/registry/wire.ts";
import { registry as subjects } from "../../src/subjects/subjects.ts";
import { FakeClock, turns } from "../support/fake-clock.ts";
import { HandSet, policyScene, routeTo, SOON_MS } from "./policy-table-scene.ts";

/** A registry with a route for `orders`, and a sidecar that has used it. */
async function following(maxPayload?: number) {
  const scene = policyScene(maxPayload);
  const set = new HandSet();
  set.apply({ orders: routeTo("orders", "1") });
  const registry = scene.startRegistry(set);
  const sidecar = scene.startTable();
  sidecar.table.get("orders");
  await scene.clock.run(SOON_MS);
  return { ...scene, ...sidecar, set, registry };
}

describe("a sidecar's policy", () => {
  test("is known of its own service from the start, and of others from their first use", async () => {
    const { table, versionOf, changed } = await following();
    assert.deepEqual([versionOf("shop"), versionOf("orders")], ["none", "1"]);
    assert.equal(versionOf("constructor"), undefined);
    await turns();
    assert.equal(versionOf("constructor"), "none");
    assert.deepEqual(changed, ["shop", "orders", "constructor"]);
    assert.deepEqual(table.inStep, { lineage: "l1", revision: 1 });
    assert.throws(() => table.get("a.b"), { name: "NameError" });
  });

  test("a change acts within a quarter of a second, and nobody else's does any work", async () => {
    const { table, versionOf, changed, set, clock, asked } = await following();
    const steps: unknown[] = [];
    table.onStep(() => steps.push(table.inStep?.revision));
    changed.length = 0;
    set.apply({ orders: routeTo("orders", "2") });
    await clock.run(250, 10);
    assert.equal(versionOf("orders"), "2");
    assert.deepEqual(changed, ["orders"]);
    const before = table.get("orders");
    asked.length = 0;
    set.apply({ billing: routeTo("billing", "1") });
    await clock.run(SOON_MS);
    assert.deepEqual(asked, [], "the event says all that there is to know");
    assert.deepEqual(steps, [2, 3]);
    assert.equal(table.get("orders"), before);
  });

  test("routing that is removed is gone", async () => {
    const { versionOf, set, clock } = await following();
    set.apply({ orders: undefined });
    await clock.run(SOON_MS);
    assert.equal(versionOf("orders"), "none");
  });

  test("a thousand sidecars do not ask in the same moment", async () => {
    const { startTable, clock, set, asked } = await following();
    for (let i = 0; i < 200; i++) startTable({ instance: `s${i}` }).table.get("orders");
    await clock.run(SOON_MS);
    asked.length = 0;
    set.apply({ orders: routeTo("orders", "2") });
    const paces: number[] = [];
    for (let ms = 0; ms < 250; ms += 10) {
      const before = asked.length;
      await clock.run(10, 10);
      paces.push(asked.length - before);
    }
    assert.equal(asked.length, 201);
    assert.ok(Math.max(...paces) < 40, `most in 10 ms: ${Math.max(...paces)}`);
  });

  test("an event that was lost is found by the registry's sign of life", async () => {
    const { versionOf, set, clock } = await following();
    set.tell = () => {};
    set.apply({ orders: routeTo("orders", "2") });
    await clock.run(1000);
    assert.equal(versionOf("orders"), "1");
    await clock.run(1500);
    assert.equal(versionOf("orders"), "2");
  });

  test("is kept while no registry, or no broker, is there, and asked for again afterwards", async () => {
    const { versionOf, set, clock, broker, registry, startRegistry } = await following();
    broker.setAway(true);
    set.apply({ orders: routeTo("orders", "2") });
    await clock.run(60_000, 1000);
    assert.equal(versionOf("orders"), "1");
    broker.setAway(false);
    await clock.run(SOON_MS);
    assert.equal(versionOf("orders"), "2");
    await registry.stop();
    await clock.run(60_000, 1000);
    assert.equal(versionOf("orders"), "2");
    set.apply({ orders: routeTo("orders", "3") });
    startRegistry(set);
    await clock.run(SOON_MS);
    assert.equal(versionOf("orders"), "3");
  });

  test("a registry that has not read its store says nothing, and is not taken for one without policy", async () => {
    const { clock, startRegistry, startTable } = policyScene();
    const set = new HandSet();
    set.loaded = false;
    startRegistry(set);
    const { table, versionOf } = startTable();
    versionOf("orders");
    await clock.run(5000);
    assert.deepEqual([versionOf("orders"), table.inStep], [undefined, undefined]);
    set.loaded = true;
    await clock.run(2500);
    assert.deepEqual([versionOf("orders"), table.inStep?.revision], ["none", 0]);
  });

  test("a new lineage replaces all of it", async () => {
    const { table, versionOf, clock, registry, startRegistry } = await following();
    await registry.stop();
    const other = new HandSet();
    other.lineage = "l2";
    startRegistry(other);
    await clock.run(SOON_MS);
    assert.equal(versionOf("orders"), "none");
    assert.deepEqual(table.inStep, { lineage: "l2", revision: 0 });
  });

  test("answers larger than a message come in several, and so do questions", async () => {
    const { table, clock, set, asked, versionOf } = await following(8192);
    const services = Array.from({ length: 40 }, (_, i) => `service-${i}`);
    set.apply(Object.fromEntries(services.map((service) => [service, routeTo(service, "7", 1000)])));
    for (const service of services) table.get(service);
    asked.length = 0;
    await clock.run(SOON_MS);
    assert.ok(asked.length >= 5, `asked ${asked.length} times`);
    assert.ok(services.every((service) => versionOf(service) === "7"));
    assert.equal(table.inStep?.revision, 2);
    for (let i = 0; i < 200; i++) table.get(`${"n".repeat(58)}-${i}`);
    await clock.run(SOON_MS);
    assert.equal(versionOf(`${"n".repeat(58)}-199`), "none");
  });

  test("what cannot be read leaves that service its last good policy, is named, and shows as a lag", async () => {
    const { table, versionOf, said, clock, set } = await following();
    table.get("billing");
    const bad = { ...routeTo("orders", "2"), spec: { rules: "none" } };
    set.apply({ orders: bad as never, billing: routeTo("billing", "2") });
    await clock.run(SOON_MS);
    assert.deepEqual([versionOf("orders"), versionOf("billing")], ["1", "2"]);
    assert.equal(table.inStep?.revision, 1);
    assert.match(said.join(), /^orders keeps the policy it had.*cannot be read/);
    await clock.run(20_000);
    assert.equal(said.length, 1, "it is not asked for again and again");
    set.apply({ orders: routeTo("orders", "3") });
    await clock.run(SOON_MS);
    assert.deepEqual([versionOf("orders"), table.inStep?.revision], ["3", 3]);
  });

  test("policy that is larger than the broker takes leaves the last good one, and the other services theirs", async () => {
    const { table, versionOf, said, clock, set, registry } = await following(8192);
    table.get("billing");
    set.apply({ orders: routeTo("orders", "2", 9000), billing: routeTo("billing", "2") });
    await clock.run(SOON_MS);
    assert.deepEqual([versionOf("orders"), versionOf("billing")], ["1", "2"]);
    assert.equal(table.inStep?.revision, 1);
    assert.match(said.join(), /orders keeps the policy it had.*larger than the broker takes/);
    assert.ok(registry.drops.counts()["policy-oversize"]);
  });

  test("services beyond the bound let go the one not used for longest, never the own one", async () => {
    const { table, versionOf, clock } = await following();
    for (let i = 0; i < 1024; i++) table.get(`s-${i}`);
    await clock.run(SOON_MS);
    assert.equal(versionOf("s-1023"), "none");
    assert.equal(versionOf("shop"), "none");
    assert.equal(table.get("orders"), undefined);
  });

  test("junk on the registry's subjects changes nothing", async () => {
    const { table, versionOf, broker, clock } = await following();
    const registryBus = broker.connect();
    for (const junk of [Buffer.from("junk"), Buffer.alloc(0), pack({ lineage: 1 }), pack([])])
      for (const subject of [subjects.policyEvent, subjects.alive]) registryBus.send(subject, junk);
    await clock.run(SOON_MS);
    assert.deepEqual([versionOf("orders"), table.inStep?.revision], ["1", 1]);
  });
});

describe("several registries", () => {
  test("one that lags behind does not turn a sidecar back", async () => {
    const { table, versionOf, changed, clock, set, startRegistry } = await following();
    const behind = new HandSet();
    behind.apply({ orders: routeTo("orders", "1") });
    startRegistry(behind);
    changed.length = 0;
    set.apply({ orders: routeTo("orders", "2") });
    await clock.run(3 * SILENT_AFTER_MS);
    assert.equal(versionOf("orders"), "2");
    assert.deepEqual([changed, table.inStep?.revision], [["orders"], 2]);
  });

  test("a store that was restored from a copy is believed once nobody tells the newer revision", async () => {
    const { table, versionOf, clock, set, registry, startRegistry } = await following();
    set.apply({ orders: routeTo("orders", "2") });
    await clock.run(SOON_MS);
    await registry.stop();
    const restored = new HandSet();
    restored.apply({ orders: routeTo("orders", "1") });
    startRegistry(restored);
    await clock.run(2 * SILENT_AFTER_MS);
    assert.deepEqual([versionOf("orders"), table.inStep?.revision], ["1", 1]);
  });
});

describe("waiting for a service's policy", () => {
  /** Whether a promise has settled by now. */
  const isOver = async (promise: Promise<void>) => {
    let over = false;
    void promise.then(() => {
      over = true;
    });
    await turns();
    return over;
  };

  test("ends when it is known, and at once when it is known already", async () => {
    const { table, versionOf } = await following();
    await table.whenKnown("billing", 1000);
    assert.equal(versionOf("billing"), "none");
    await table.whenKnown("billing", 1000);
  });

  test("ends when the time is over, while a registry is expected", async () => {
    const { clock, startTable } = policyScene();
    const { table } = startTable();
    const waiting = table.whenKnown("orders", 500);
    assert.equal(await isOver(waiting), false);
    clock.advance(500);
    assert.equal(await isOver(waiting), true);
  });

  test("does not begin when no registry is heard, nor when it knows no policy, nor when the broker is away", async () => {
    for (const registries of [0, 1]) {
      const { clock, startRegistry, startTable } = policyScene();
      const set = new HandSet();
      set.loaded = false;
      if (registries > 0) startRegistry(set);
      const { table } = startTable();
      await clock.run(3000);
      assert.equal(await isOver(table.whenKnown("orders", 1000)), true);
    }

    const { table: cut, broker, clock } = await following();
    await clock.run(1000);
    broker.setAway(true);
    assert.equal(await isOver(cut.whenKnown("billing", 1000)), true);
  });

  test("ends at once when the broker says that nobody is there to answer, and begins again with the next registry", async () => {
    const broker = new MemoryBroker();
    const clock = new FakeClock();
    const names = { caller: "shop", instance: "s1" };
    const table = new PolicyTable({ bus: broker.connect(), clock, ...names });
    assert.equal(await isOver(table.whenKnown("orders", 1000)), true);
    const alive = { registryStart: 1, settled: true, policy: { lineage: "l1", revision: 0 } };
    broker.connect().send(subjects.alive, pack(alive));
    await turns();
    assert.equal(await isOver(table.whenKnown("orders", 1000)), false);
    table.close();
  });

  test("ends when the broker goes away, or the table is closed", async () => {
    for (const end of ["away", "close"] as const) {
      const { broker, startTable } = policyScene();
      const { table } = startTable();
      const waiting = table.whenKnown("orders", 1000);
      if (end === "away") broker.setAway(true);
      else table.close();
      assert.equal(await isOver(waiting), true, end);
    }
  });
});
