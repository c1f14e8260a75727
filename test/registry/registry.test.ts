import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Message } from "../../src/bus/bus.ts";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { Catalog } from "../../src/registry/catalog.ts";
import { Drops } from "../../src/registry/drops.ts";
import { pack, readAlive, readEvent, readSnapshot } from "../../src/registry/frame.ts";
import { LIMITS } from "../../src/registry/known-service.ts";
import { Registry } from "../../src/registry/registry.ts";
import { HEARTBEAT_MS, type Heartbeat, SILENT_AFTER_MS } from "../../src/registry/wire.ts";
import type { Subject } from "../../src/subjects/subjects.ts";
import { FakeClock, turns } from "../support/fake-clock.ts";
import { beat, silentLog } from "./beats.ts";

const INSTANCES = "reg.get.instances.shop" as Subject;
const REPLY = "_R.shop.s1.registry.x1" as Subject;

function setUp(maxPayload?: number) {
  const broker = new MemoryBroker(maxPayload);
  const clock = new FakeClock();
  const logged: unknown[] = [];
  const drops = new Drops({ ...silentLog, warn: (...args: unknown[]) => logged.push(args) }, () =>
    clock.now(),
  );
  const catalog = new Catalog(clock);
  const registry = new Registry({ bus: broker.connect(), catalog, clock, drops });
  registry.start();
  const sidecar = broker.connect();
  const heard: Message[] = [];
  sidecar.subscribe("reg.ev.>" as Subject, undefined, (message) => heard.push(message));
  sidecar.subscribe("_R.shop.>" as Subject, undefined, (message) => heard.push(message));
  const send = (subject: string, data: Uint8Array, reply?: Subject) =>
    sidecar.send(subject as Subject, data, reply);
  const say = (one: Heartbeat) => send(`reg.hb.${one.service}.${one.instance}`, pack(one));
  const on = (subject: string) => heard.filter((message) => message.subject === subject);
  return { broker, clock, drops, logged, catalog, registry, heard, send, say, on };
}

describe("the registry", () => {
  test("publishes a change once, on the subject of its service, however many beats there are", async () => {
    const { clock, say, on } = setUp();
    for (let sequence = 0; sequence < 10; sequence++) say(beat({ sequence }));
    say(beat({ service: "billing" }));
    await turns();
    await clock.run(1000);
    assert.deepEqual(
      on("reg.ev.i.orders").map(({ data }) => readEvent(data)?.kind),
      ["up"],
    );
    assert.equal(on("reg.ev.i.billing").length, 1);
  });

  test("says that it is alive, and settled once it has listened long enough", async () => {
    const { clock, on } = setUp();
    await clock.run(SILENT_AFTER_MS + HEARTBEAT_MS);
    const settled = on("reg.ev.alive").map(({ data }) => readAlive(data)!.settled);
    assert.deepEqual(settled, [false, false, false, true, true]);
  });

  test("answers with the rows of a service, and without them when nothing changed", async () => {
    const { catalog, clock, say, send, on } = setUp();
    await clock.run(SILENT_AFTER_MS - 500);
    say(beat());
    await turns();
    send(INSTANCES, pack({ service: "orders" }), REPLY);
    await clock.run(500);
    const have = { registryStart: catalog.registryStart, revision: 1 };
    send(INSTANCES, pack({ service: "orders", have }), REPLY);
    send(INSTANCES, pack({ service: "nobody" }), REPLY);
    await turns();
    const [first, second, third] = on(REPLY).map(({ data }) => readSnapshot(data)!);
    assert.equal(first!.complete, false);
    assert.deepEqual(
      first!.instances!.map(({ instance }) => instance),
      ["i1"],
    );
    assert.deepEqual([second!.complete, second!.instances, second!.revision], [true, undefined, 1]);
    assert.deepEqual([third!.instances, third!.revision], [[], 0]);
  });

  test("answers as much as fits the broker's payload, and says that rows are missing", async () => {
    const { clock, say, send, on } = setUp(4096);
    for (let i = 0; i < 100; i++) say(beat({ instance: `instance-${i}` }));
    await clock.run(1000);
    send(INSTANCES, pack({ service: "orders" }), REPLY);
    await turns();
    const answer = readSnapshot(on(REPLY)[0]!.data)!;
    assert.equal(answer.complete, false);
    assert.ok(answer.instances!.length > 5, `${answer.instances!.length} rows`);
  });

  test("the longest rows of a full service fit the broker's usual payload", async () => {
    const { catalog, clock, send, on } = setUp();
    const long = (text: string) => text.padEnd(63, "x");
    const service = long("s");
    for (let i = 0; i < LIMITS.instancesPerService; i++)
      catalog.beat(
        beat({ service, instance: long(`i${i}-`), version: long("v"), zone: long("z"), startedAt: 1e12 + i }),
      );
    await clock.run(100);
    send(INSTANCES, pack({ service }), REPLY);
    await turns();
    assert.equal(readSnapshot(on(REPLY)[0]!.data)!.instances!.length, LIMITS.instancesPerService);
  });

  test("declares nobody silent while the broker is away, and not at once when it is back", async () => {
    const { broker, clock, say, on, registry } = setUp();
    say(beat());
    await clock.run(SILENT_AFTER_MS - HEARTBEAT_MS);
    say(beat({ sequence: 1 }));
    await clock.run(HEARTBEAT_MS);
    assert.equal(registry.settled, true);
    broker.setAway(true);
    await clock.run(10 * SILENT_AFTER_MS);
    assert.equal(registry.settled, false);
    broker.setAway(false);
    await clock.run(SILENT_AFTER_MS - 1000);
    assert.equal(on("reg.ev.i.orders").length, 1);
    await clock.run(1000);
    assert.equal(readEvent(on("reg.ev.i.orders")[1]!.data)!.reason, "silent");
  });
});

describe("the registry drops, counts and survives", () => {
  const bad: [string, string, Uint8Array, keyof ReturnType<Drops["counts"]>][] = [
    ["bytes that are no msgpack", "reg.hb.orders.i1", Buffer.from("c1ff", "hex"), "beat-undecodable"],
    ["an empty beat", "reg.hb.orders.i1", Buffer.alloc(0), "beat-undecodable"],
    [
      "an array that claims 4 billion items",
      "reg.hb.orders.i1",
      Buffer.from("ddffffffff", "hex"),
      "beat-undecodable",
    ],
    ["a thousand nested arrays", "reg.hb.orders.i1", Buffer.alloc(1000, 0x91), "beat-undecodable"],
    ["a beat of a megabyte", "reg.hb.orders.i1", Buffer.alloc(1_000_000), "beat-oversize"],
    ["another instance's name", "reg.hb.orders.i2", pack(beat()), "beat-forged"],
    ["another service's name", "reg.hb.billing.i1", pack(beat()), "beat-forged"],
    ["a name that is no token", "reg.hb.orders.i1", pack(beat({ version: "1.0" })), "beat-undecodable"],
    ["a zone of a kilobyte", "reg.hb.orders.i1", pack(beat({ zone: "z".repeat(900) })), "beat-undecodable"],
    ["a start that no calendar has", "reg.hb.orders.i1", pack(beat({ startedAt: 9e15 })), "beat-undecodable"],
    ["a sequence that is not whole", "reg.hb.orders.i1", pack(beat({ sequence: 0.5 })), "beat-undecodable"],
    ["a state that is none", "reg.hb.orders.i1", pack(beat({ state: "odd" as "up" })), "beat-undecodable"],
    ["the registry's own name", "reg.hb.registry.i1", pack(beat({ service: "registry" })), "beat-reserved"],
  ];
  for (const [what, subject, data, kind] of bad)
    test(`${what}`, async () => {
      const { catalog, drops, send, say } = setUp();
      send(subject, data);
      say(beat({ service: "fine" }));
      await turns();
      assert.deepEqual(drops.counts(), { [kind]: 1 });
      assert.deepEqual([...catalog.services.keys()], ["fine"]);
    });

  test("the statistics of a sidecar that counts wrongly, but not its beat", async () => {
    const { catalog, drops, say } = setUp();
    let sequence = 0;
    for (const stats of [
      { calls: -1, errors: 0, busyMs: 0 },
      { calls: 1.5, errors: 0, busyMs: 0 },
      { calls: 1, errors: 0, busyMs: 1e300 },
      { calls: 1, errors: 0, busyMs: Number.NaN },
    ])
      say(beat({ sequence: sequence++, stats }));
    await turns();
    assert.deepEqual(drops.counts(), {});
    const instance = catalog.services.get("orders")!.instances.get("i1")!;
    assert.deepEqual([instance.state, instance.stats], ["up", undefined]);
  });

  test("a request whose answer would go to somebody else", async () => {
    const { drops, send, heard } = setUp();
    const replies = [
      "mesh.billing.v-1.shop",
      "_R.other.s1.registry.x",
      "_R.shop.s1.billing.x",
      "_R.shop.s1.registry.x.y",
      "_INBOX.abc",
    ];
    for (const reply of replies) send(INSTANCES, pack({ service: "orders" }), reply as Subject);
    send(INSTANCES, pack({ service: "orders" }));
    await turns();
    assert.deepEqual(drops.counts(), { "reply-foreign": replies.length + 1 });
    assert.deepEqual(
      heard.filter(({ subject }) => subject !== "reg.ev.alive"),
      [],
    );
  });

  test("a request that it cannot read", async () => {
    const { drops, send } = setUp();
    send(INSTANCES, Buffer.from("c1", "hex"), REPLY);
    send(INSTANCES, Buffer.alloc(600), REPLY);
    send(INSTANCES, pack({ service: "no.name" }), REPLY);
    await turns();
    assert.deepEqual(drops.counts(), { "request-bad": 3 });
  });

  test("and logs each kind once a minute, however many there are", async () => {
    const { clock, logged, send } = setUp();
    for (let i = 0; i < 100; i++) send("reg.hb.orders.i1", Buffer.alloc(0));
    await turns();
    assert.equal(logged.length, 1);
    clock.advance(60_000);
    send("reg.hb.orders.i1", Buffer.alloc(0));
    await turns();
    assert.equal(logged.length, 2);
  });
});
