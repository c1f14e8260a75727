import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { Sidecars } from "../../src/control/sidecars.ts";
import { Catalog } from "../../src/registry/catalog.ts";
import { Drops } from "../../src/registry/drops.ts";
import { pack } from "../../src/registry/frame.ts";
import { Heartbeater, type HeartbeaterOptions } from "../../src/registry/heartbeater.ts";
import { Registry } from "../../src/registry/registry.ts";
import { type PolicyMark, SILENT_AFTER_MS } from "../../src/registry/wire.ts";
import { registry as subjects } from "../../src/subjects/subjects.ts";
import { beat, silentLog } from "../registry/beats.ts";
import { FakeClock, turns } from "../support/fake-clock.ts";

const NOW: PolicyMark = { lineage: "l1", revision: 4 };

/** A registry that keeps account of sidecars, and sidecars that beat. */
function setUp(max?: number) {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const catalog = new Catalog(clock);
  const sidecars = new Sidecars(clock, max);
  const drops = new Drops(silentLog, () => clock.now());
  const registry = new Registry({ bus: broker.connect(), catalog, clock, drops, sidecars });
  registry.start();
  const start = (
    instance: string,
    state: "up" | "down" | "caller",
    more: Partial<HeartbeaterOptions> = {},
  ) => {
    const names = { service: "shop", instance, version: "2" };
    const beats = new Heartbeater({ bus: broker.connect(), clock, ...names, ...more });
    beats.set(state);
    return beats;
  };
  const shown = (now: PolicyMark | undefined = NOW) =>
    sidecars
      .rows(now)
      .map((row) => `${row.instance} ${row.role} ${row.policyRevision ?? "-"}${row.lagging ? " lags" : ""}`);
  return { broker, clock, catalog, sidecars, drops, registry, start, shown };
}

describe("the registry's table of sidecars", () => {
  test("shows what each runs, and who lags", async () => {
    const { start, shown, clock, sidecars } = setUp();
    start("current", "up", { policy: () => NOW });
    start("late", "down", { policy: () => ({ lineage: "l1", revision: 3 }) });
    start("foreign", "up", { policy: () => ({ lineage: "l0", revision: 4 }) });
    start("old", "up");
    await turns();
    assert.deepEqual(shown(), [
      "current instance 4",
      "foreign instance - lags",
      "late instance 3 lags",
      "old instance - lags",
    ]);
    const { service, version, lastSeen } = sidecars.rows(NOW)[0]!;
    assert.deepEqual([service, version, lastSeen], ["shop", "2", clock.unix()]);
    assert.ok(sidecars.rows(undefined).every(({ lagging }) => !lagging));
  });

  test("hears at once when a sidecar runs another", async () => {
    const { start, shown } = setUp();
    let revision = 3;
    const beats = start("i1", "up", { policy: () => ({ lineage: "l1", revision }) });
    await turns();
    revision = 4;
    beats.again();
    await turns();
    assert.deepEqual(shown(), ["i1 instance 4"]);
  });

  test("knows pure callers, which are no instances: neither while they are there nor when they leave", async () => {
    const { start, shown, catalog, drops, clock } = setUp();
    const caller = start("c1", "caller", { policy: () => NOW });
    const silent = start("c2", "caller");
    await clock.run(3000);
    assert.deepEqual(shown(), ["c1 caller 4", "c2 caller - lags"]);
    await caller.leave();
    caller.again();
    caller.set("caller");
    await clock.run(3000);
    assert.deepEqual(shown(), ["c2 caller - lags"]);
    await silent.leave();
    await turns();
    assert.deepEqual([shown(), catalog.services.size, drops.counts()], [[], 0, {}]);
  });

  test("drops who leaves at once and who is silent later, but nobody while the broker is away", async () => {
    const { start, shown, sidecars, clock, broker } = setUp();
    const leaving = start("leaving", "up");
    start("there", "up");
    await turns();
    sidecars.beat(beat({ instance: "silent" }));
    await leaving.leave();
    await turns();
    assert.deepEqual(shown().length, 2);
    broker.setAway(true);
    await clock.run(60_000, 500);
    broker.setAway(false);
    await clock.run(SILENT_AFTER_MS - 1000);
    assert.equal(shown().length, 2);
    await clock.run(2000);
    assert.deepEqual(shown(), ["there instance - lags"]);
  });

  test("believes no beat that a newer one has overtaken, and takes no more than it has room for", () => {
    const { sidecars, clock } = setUp(2);
    const policy = (revision: number) => ({ policy: { lineage: "l1", revision } });
    assert.equal(sidecars.beat(beat({ sequence: 5, ...policy(4) })), "accepted");
    assert.equal(sidecars.beat(beat({ sequence: 4, ...policy(3) })), "stale");
    assert.equal(sidecars.beat(beat({ sequence: 9, startedAt: 1, ...policy(2) })), "stale");
    assert.equal(sidecars.rows(NOW)[0]!.policyRevision, 4);
    assert.equal(sidecars.beat(beat({ instance: "i2" })), "accepted");
    assert.equal(sidecars.beat(beat({ instance: "i3", state: "caller" })), "full");
    clock.advance(SILENT_AFTER_MS);
    assert.equal(sidecars.beat(beat({ sequence: 0, startedAt: 1, ...policy(2) })), "accepted");
  });
});

describe("what sidecars say of the instances and services that they have ejected", () => {
  const names = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `orders.${"x".repeat(40)}-${i}`);

  test("it is told by instance, with the services that say so and how many sidecars", async () => {
    const { start, sidecars, clock } = setUp();
    let ejected = ["orders.o1", "stock.s1"];
    const web = start("w1", "caller", { service: "web", ejected: () => ejected });
    start("s1", "up", { ejected: () => ["orders.o1"] });
    start("s2", "up", { ejected: () => ["orders.o1"] });
    await turns();
    const told = () =>
      Object.fromEntries(
        [...sidecars.ejections()].map(([name, by]) => [name, [[...by.services].sort().join(), by.sidecars]]),
      );
    assert.deepEqual(told(), { "orders.o1": ["shop,web", 3], "stock.s1": ["web", 1] });
    ejected = [];
    await clock.run(2000, 100);
    assert.deepEqual(told(), { "orders.o1": ["shop", 2] });
    await web.leave();
  });

  test("a service that was given up as a whole is told by its name, beside its instances", async () => {
    const { start, sidecars } = setUp();
    start("w1", "caller", { service: "web", ejectedServices: () => ["orders", "stock"] });
    start("s1", "up", { ejected: () => ["orders.o1"], ejectedServices: () => ["orders"] });
    await turns();
    const told = [...sidecars.ejections()].map(([name, by]) => [name, [...by.services].sort().join()]);
    assert.deepEqual(Object.fromEntries(told), { orders: "shop,web", stock: "web", "orders.o1": "shop" });
  });

  test("when not all fit into a beat, services come before instances", async () => {
    const { start, sidecars, shown } = setUp();
    const many = Array.from({ length: 500 }, (_, i) => `service-${i}`);
    start("s1", "up", { policy: () => NOW, ejected: () => names(500), ejectedServices: () => many });
    await turns();
    assert.deepEqual(shown(), ["s1 instance 4"]);
    const told = [...sidecars.ejections().keys()];
    assert.ok(told.filter((name) => name.startsWith("service-")).length >= 30, told.join());
  });

  test("a beat names as many as fit, and is taken all the same", async () => {
    const { start, sidecars, shown, drops } = setUp();
    start("s1", "up", { policy: () => NOW, ejected: () => names(500) });
    await turns();
    assert.deepEqual([shown(), drops.counts()], [["s1 instance 4"], {}]);
    const { size } = sidecars.ejections();
    assert.ok(size >= 8 && size <= 20, `it named ${size}`);
  });

  test("names that are none are not believed, and the beat counts", async () => {
    for (const ejected of [["orders"], ["orders.o1.x"], ["Orders.O1"], [""], ["a.b", 7]]) {
      const { broker, sidecars, shown } = setUp();
      const beating = { ...beat({ service: "shop", instance: "s1", policy: NOW }), ejected };
      broker.connect().send(subjects.heartbeat("shop", "s1"), pack(beating));
      await turns();
      assert.deepEqual([shown(), sidecars.ejections().size], [["s1 instance 4"], 0]);
    }
  });

  test("the same holds for names of services; one that is named twice is one", async () => {
    for (const [ejectedServices, count] of [
      [["orders.o1"], 0],
      [["Orders"], 0],
      [["orders", 7], 0],
      ["orders", 0],
      [Array.from({ length: 257 }, () => "a"), 0],
      [["orders", "orders"], 1],
    ] as const) {
      const { broker, sidecars, shown } = setUp();
      const beating = { ...beat({ service: "shop", instance: "s1", policy: NOW }), ejectedServices };
      broker.connect().send(subjects.heartbeat("shop", "s1"), pack(beating));
      await turns();
      assert.deepEqual(shown(), ["s1 instance 4"]);
      assert.deepEqual(
        [...sidecars.ejections().values()].map(({ sidecars }) => sidecars),
        count ? [1] : [],
      );
    }
  });
});
