import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { pack } from "../../src/registry/frame.ts";
import { HEARTBEAT_MS, SILENT_AFTER_MS } from "../../src/registry/wire.ts";
import type { Subject } from "../../src/subjects/subjects.ts";
import { turns } from "../support/fake-clock.ts";
import { beat } from "./beats.ts";
import { AFTER_RESTART_MS, setUp } from "./table-scene.ts";

/** Loses the messages that `lost` picks, on their way to this bus. */
function lose(bus: Bus, lost: (subject: string) => boolean): void {
  const subscribe = bus.subscribe.bind(bus);
  bus.subscribe = (subject, queue, onMessage) =>
    subscribe(subject, queue, (message) => lost(message.subject) || onMessage(message));
}

describe("a sidecar's table", () => {
  test("is empty at first, never waits, and then follows up and gone", async (t) => {
    const { clock, names, log, startRegistry, startInstance } = setUp(t);
    startRegistry();
    startInstance("a");
    await turns();
    assert.deepEqual(names(), []);
    await turns();
    assert.deepEqual(names(), ["a"]);
    const b = startInstance("b");
    await turns();
    assert.deepEqual(names(), ["a", "b"]);
    b.set("down");
    await turns();
    await clock.run(HEARTBEAT_MS);
    b.set("up");
    await turns();
    await b.leave();
    await turns();
    assert.deepEqual(names(), ["a"]);
    assert.deepEqual(log, [
      "up orders a",
      "up orders b",
      "gone orders b down",
      "up orders b",
      "gone orders b left",
    ]);
  });

  test("hands out the same array until something changes", async (t) => {
    const { table, clock, startRegistry, startInstance, names } = setUp(t);
    startRegistry();
    startInstance("a");
    names();
    await clock.run(3 * HEARTBEAT_MS);
    const before = table.instances("orders");
    await clock.run(10 * HEARTBEAT_MS);
    assert.equal(table.instances("orders"), before);
  });

  test("tells what was never seen from what is only not there, once a registry is certain", async (t) => {
    const { clock, table, startRegistry, startInstance } = setUp(t);
    const of = (service: string, version?: string) => table.isUnknown(service, version);
    assert.equal(of("orders"), false, "nobody has said anything");
    startRegistry();
    const a = startInstance("a");
    for (const service of ["orders", "nobody"]) table.instances(service);
    await clock.run(HEARTBEAT_MS);
    assert.equal(of("nobody"), false, "the registry has not listened for long enough");
    await clock.run(AFTER_RESTART_MS);
    assert.equal(of("nobody"), true);
    assert.deepEqual([of("orders"), of("orders", "2"), of("orders", "3")], [false, false, true]);
    await a.leave();
    await clock.run(AFTER_RESTART_MS);
    assert.deepEqual([of("orders"), of("orders", "2")], [false, false], "it was seen, and is only gone");
    startInstance("n", "nobody");
    await clock.run(HEARTBEAT_MS);
    assert.equal(of("nobody"), false);
  });

  test("learns only of the services that it is asked for", async (t) => {
    const { bus, clock, log, names, startRegistry, startInstance } = setUp(t);
    const subscribed: string[] = [];
    const subscribe = bus.subscribe.bind(bus);
    bus.subscribe = (subject, ...rest) => {
      subscribed.push(subject);
      return subscribe(subject, ...rest);
    };
    startRegistry();
    for (let i = 0; i < 20; i++) startInstance("x", `service-${i}`);
    names("service-7");
    await clock.run(2000);
    assert.deepEqual(log, ["up service-7 x"]);
    assert.deepEqual(subscribed, ["reg.ev.i.service-7"]);
  });

  test("follows so many services and then lets go of the one used least", async (t) => {
    const { table, clock, startRegistry, startInstance, log } = setUp(t);
    startRegistry();
    table.instances("first");
    table.instances("second");
    for (let i = 0; i < 1022; i++) table.instances(`service-${i}`);
    table.instances("first");
    table.instances("one-more");
    startInstance("x", "first");
    startInstance("x", "second");
    await clock.run(2000);
    assert.deepEqual(log, ["up first x"]);
  });

  test("refuses a name that is none", (t) => {
    assert.throws(() => setUp(t).table.instances("no.name"), { name: "NameError" });
  });
});

describe("while the registry is away, a sidecar's table", () => {
  test("keeps its rows and says so", async (t) => {
    const { clock, table, names, log, startRegistry, startInstance } = setUp(t);
    const states: string[] = [];
    table.onState(({ kind }) => states.push(kind));
    const first = startRegistry();
    startInstance("a");
    startInstance("b");
    names();
    await clock.run(2000);
    assert.equal(table.state.kind, "following");
    await first.stop();
    const stoppedAt = clock.unix();
    await clock.run(20 * SILENT_AFTER_MS);
    assert.deepEqual(names(), ["a", "b"]);
    assert.equal(table.state.kind, "away");
    assert.ok(table.state.since - stoppedAt <= SILENT_AFTER_MS + HEARTBEAT_MS);
    startRegistry();
    await clock.run(AFTER_RESTART_MS);
    assert.deepEqual(states, ["following", "away", "following"]);
    assert.deepEqual(log, ["up orders a", "up orders b"]);
  });

  test("answers a first question with nothing, and catches up when the registry comes", async (t) => {
    const { clock, table, names, startRegistry, startInstance } = setUp(t);
    startInstance("a");
    assert.deepEqual(names(), []);
    assert.equal(table.state.kind, "away");
    await clock.run(60_000);
    startRegistry();
    await clock.run(AFTER_RESTART_MS);
    assert.deepEqual(names(), ["a"]);
  });

  test("drops what left meanwhile only when the new registry has listened long enough", async (t) => {
    const { clock, names, log, startRegistry, startInstance } = setUp(t);
    const first = startRegistry();
    startInstance("a");
    const b = startInstance("b");
    names();
    await clock.run(2000);
    await first.stop();
    await b.leave();
    const second = startRegistry();
    await clock.run(SILENT_AFTER_MS - 1000);
    assert.equal(second.registry.settled, false);
    assert.deepEqual(names(), ["a", "b"]);
    await clock.run(2 * HEARTBEAT_MS + 1000);
    assert.deepEqual(names(), ["a"]);
    assert.deepEqual(log.at(-1), "gone orders b silent");
  });

  test("tells of an instance that started anew meanwhile", async (t) => {
    const { clock, names, log, startRegistry, startInstance } = setUp(t);
    const first = startRegistry();
    startInstance("a");
    names();
    await clock.run(2000);
    await first.stop();
    await clock.run(1000);
    startInstance("a");
    startRegistry();
    await clock.run(AFTER_RESTART_MS);
    assert.deepEqual(log, ["up orders a", "gone orders a restarted", "up orders a"]);
  });

  test("keeps its rows through the loss of the broker, and converges after it", async (t) => {
    const { broker, clock, names, table, startRegistry, startInstance } = setUp(t);
    startRegistry();
    startInstance("a");
    names();
    await clock.run(AFTER_RESTART_MS);
    broker.setAway(true);
    assert.equal(table.state.kind, "away");
    await clock.run(30_000);
    assert.deepEqual(names(), ["a"]);
    startInstance("b");
    broker.setAway(false);
    await clock.run(HEARTBEAT_MS + 1000);
    assert.deepEqual(names(), ["a", "b"]);
    assert.equal(table.state.kind, "following");
  });
});

describe("when messages are lost, a sidecar's table", () => {
  test("sees a gap at the next event and asks for all", async (t) => {
    const { bus, clock, names, startRegistry, startInstance } = setUp(t);
    let losing = false;
    lose(bus, (subject) => losing && subject === "reg.ev.i.orders");
    startRegistry();
    const a = startInstance("a");
    names();
    await clock.run(AFTER_RESTART_MS);
    losing = true;
    await a.leave();
    await turns();
    losing = false;
    startInstance("b");
    await turns(20);
    assert.deepEqual(names(), ["b"]);
  });

  test("finds out within a minute that it missed the last event", async (t) => {
    const { bus, clock, names, startRegistry, startInstance } = setUp(t);
    let losing = false;
    lose(bus, (subject) => losing && subject === "reg.ev.i.orders");
    startRegistry();
    const a = startInstance("a");
    names();
    await clock.run(2 * SILENT_AFTER_MS);
    losing = true;
    await a.leave();
    await clock.run(64_000);
    assert.deepEqual(names(), []);
  });

  test("asks again when its question or the answer was lost", async (t) => {
    const { bus, clock, names, startRegistry, startInstance } = setUp(t);
    let losing = true;
    const send = bus.send.bind(bus);
    bus.send = (subject, ...rest) => (losing && subject.startsWith("reg.get.")) || send(subject, ...rest);
    startRegistry();
    startInstance("a");
    names();
    await clock.run(1000);
    losing = false;
    await clock.run(3 * HEARTBEAT_MS);
    assert.deepEqual(names(), ["a"]);
  });

  test("passes over what no registry would send", async (t) => {
    const { broker, clock, names, startRegistry, startInstance } = setUp(t);
    startRegistry();
    startInstance("a");
    names();
    await clock.run(2000);
    const odd = broker.connect();
    for (const data of [Buffer.alloc(0), Buffer.from("c1", "hex"), pack(beat())])
      for (const subject of ["reg.ev.i.orders", "reg.ev.alive", "_R.shop.s1.registry.guess"])
        odd.send(subject as Subject, data);
    await turns();
    assert.deepEqual(names(), ["a"]);
  });
});
