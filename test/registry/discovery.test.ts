import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Svcm } from "@nats-io/services";
import type { Message } from "../../src/bus/bus.ts";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { Catalog } from "../../src/registry/catalog.ts";
import { answerDiscovery } from "../../src/registry/discovery.ts";
import { Drops } from "../../src/registry/drops.ts";
import { type Subject, Subjects } from "../../src/subjects/subjects.ts";
import { FakeClock, turns } from "../support/fake-clock.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";
import { beat, silentLog } from "./beats.ts";
import { realMesh } from "./real-mesh.ts";

function setUp() {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const catalog = new Catalog(clock);
  const drops = new Drops(silentLog, () => clock.now());
  const start = () =>
    answerDiscovery({ bus: broker.connect(), catalog, clock, drops, subjects: new Subjects("shop") });
  start();
  const client = broker.connect();
  const heard: Message[] = [];
  client.subscribe("_INBOX.>" as Subject, undefined, (message) => heard.push(message));
  const ask = async (subject: string, reply = "_INBOX.client.1") => {
    heard.length = 0;
    client.send(subject as Subject, Buffer.alloc(0), reply as Subject);
    await turns();
    return heard.map(({ data }) => JSON.parse(data.toString()));
  };
  return { broker, clock, catalog, drops, start, ask, heard };
}

describe("service discovery (ADR-32)", () => {
  test("INFO has every field of the specification", async () => {
    const { catalog, ask } = setUp();
    catalog.beat(beat({ zone: "north", version: "1-2-0" }));
    assert.deepEqual(await ask("$SRV.INFO"), [
      {
        type: "io.nats.micro.v1.info_response",
        name: "orders",
        id: "i1",
        version: "1.2.0",
        metadata: { "weft.instance": "i1", "weft.version": "1-2-0", "weft.zone": "north" },
        description: "orders, version 1-2-0, an HTTP service in the mesh shop",
        endpoints: [{ name: "http", subject: "shop.orders.v-1-2-0.*", queue_group: "orders", metadata: {} }],
      },
    ]);
  });

  test("STATS has the calls that the heartbeats tell of, in nanoseconds", async () => {
    const { catalog, ask } = setUp();
    catalog.beat(beat({ stats: { calls: 3, errors: 1, busyMs: 10.000001 } }));
    const [{ endpoints, ...rest }] = await ask("$SRV.STATS.orders.i1");
    assert.deepEqual(rest, {
      type: "io.nats.micro.v1.stats_response",
      name: "orders",
      id: "i1",
      version: "2.0.0",
      metadata: { "weft.instance": "i1", "weft.version": "2" },
      started: "2023-11-14T22:13:20.000Z",
    });
    assert.deepEqual(endpoints, [
      {
        name: "http",
        subject: "shop.orders.v-2.*",
        queue_group: "orders",
        num_requests: 3,
        num_errors: 1,
        last_error: "",
        processing_time: 10_000_001,
        average_processing_time: 3_333_333,
      },
    ]);
  });

  test("each level of the subject narrows who answers, and only who is up does", async () => {
    const { catalog, ask } = setUp();
    catalog.beat(beat({ instance: "a" }));
    catalog.beat(beat({ instance: "b" }));
    catalog.beat(beat({ instance: "c", state: "down" }));
    catalog.beat(beat({ service: "billing", instance: "a" }));
    const ids = async (subject: string) =>
      (await ask(subject)).map(({ name, id }: { name: string; id: string }) => `${name}/${id}`);
    assert.deepEqual(await ids("$SRV.PING"), ["orders/a", "orders/b", "billing/a"]);
    assert.deepEqual(await ids("$SRV.PING.orders"), ["orders/a", "orders/b"]);
    assert.deepEqual(await ids("$SRV.PING.orders.b"), ["orders/b"]);
    for (const nobody of [
      "$SRV.PING.nobody",
      "$SRV.PING.orders.c",
      "$SRV.PING.orders.a.x",
      "$SRV.ODD",
      "$SRV.constructor",
    ])
      assert.deepEqual(await ids(nobody), [], nobody);
  });

  test("answers go to discovery inboxes only, and only so many questions are answered", async () => {
    const { catalog, clock, drops, ask } = setUp();
    catalog.beat(beat());
    for (const reply of [
      "mesh.billing.v-1.registry",
      "_R.shop.s1.registry.x",
      "reg.ev.i.orders",
      "_INBOX.*",
      "_INBOX",
    ])
      await ask("$SRV.PING", reply);
    assert.deepEqual(drops.counts(), { "reply-foreign": 5 });
    for (let i = 0; i < 60; i++) await ask("$SRV.PING");
    assert.equal(drops.counts()["discovery-busy"], 10);
    clock.advance(1000);
    assert.equal((await ask("$SRV.PING")).length, 1);
  });

  test("of several registries one answers, and a large mesh is answered in full", async () => {
    const { catalog, start, ask, heard } = setUp();
    start();
    start();
    for (let i = 0; i < 1000; i++) catalog.beat(beat({ instance: `i${i}` }));
    await ask("$SRV.PING");
    await turns(20);
    assert.equal(heard.length, 1000);
  });
});

for (const server of natsServers())
  test(`on nats-server ${server.label} an ADR-32 client lists the mesh's services`, async (t) => {
    const mesh = await realMesh(t, server);
    await mesh.startRegistry();
    const stats = () => ({ calls: 4, errors: 2, busyMs: 8 });
    const orders = await mesh.startInstance("orders", "2", { zone: "north", stats });
    await mesh.startInstance("billing");
    const { nc } = await mesh.connect(mesh.part("admin"));
    // The published client was made for an earlier core; what it needs of a connection is the same.
    const client = new Svcm(nc as never).client({ strategy: "stall", maxWait: 1000 } as never);
    const all = async <T>(answers: Promise<AsyncIterable<T>>): Promise<T[]> => {
      const found: T[] = [];
      for await (const answer of await answers) found.push(answer);
      return found;
    };
    const pings = await until(async () => {
      const found = await all(client.ping());
      return found.length === 2 ? found : undefined;
    });
    assert.deepEqual(pings.map(({ name }) => name).sort(), ["billing", "orders"]);
    const [info] = await all(client.info("orders"));
    assert.equal(info!.endpoints[0]!.subject, "mesh.orders.v-2.*");
    assert.equal(info!.metadata!["weft.zone"], "north");
    const [one, ...none] = await all(client.stats("orders", orders.instance));
    assert.deepEqual(
      [one!.endpoints![0]!.num_requests, one!.endpoints![0]!.average_processing_time],
      [4, 2_000_000],
    );
    assert.deepEqual(none, []);
  });
