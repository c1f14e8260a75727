import assert from "node:assert/strict";
import { test } from "node:test";
import { Catalog } from "../../../src/registry/catalog.ts";
import { upRows } from "../../../src/registry/known-service.ts";
import { Keeper } from "../../../src/registry/store/keeper.ts";
import { MemoryStore } from "../../../src/registry/store/memory-store.ts";
import type { ServiceRecord } from "../../../src/registry/store/record.ts";
import { SILENT_AFTER_MS } from "../../../src/registry/wire.ts";
import { FakeClock, turns } from "../../support/fake-clock.ts";
import { beat, silentLog } from "../beats.ts";

/** A store that can be taken away, and counts what is written. */
class FickleStore extends MemoryStore {
  away = false;
  saved: string[] = [];

  override load(): Promise<ServiceRecord[]> {
    return this.away ? Promise.reject(new Error("gone fishing")) : super.load();
  }

  override async save(record: ServiceRecord): Promise<void> {
    if (this.away) throw new Error("gone fishing");
    this.saved.push(record.service);
    await super.save(record);
  }
}

function setUp(entries?: Map<string, Uint8Array>, clock = new FakeClock()) {
  const store = new FickleStore(entries);
  const catalog = new Catalog(clock);
  const keeper = new Keeper(catalog, store, clock, silentLog);
  const up = () => upRows(catalog.services.get("orders")).map(({ instance }) => instance);
  return { clock, store, catalog, keeper, up };
}

test("a restarted registry knows its services, versions and instances at once", async () => {
  const entries = new Map<string, Uint8Array>();
  const first = setUp(entries);
  await first.keeper.start();
  first.catalog.beat(beat());
  first.catalog.beat(beat({ instance: "i2", version: "1" }));
  first.catalog.beat(beat({ instance: "i2", version: "1", sequence: 1, state: "leaving" }));
  await first.keeper.close();

  const second = setUp(entries, first.clock);
  await second.keeper.start();
  assert.deepEqual(second.up(), ["i1"]);
  assert.deepEqual([...second.catalog.services.get("orders")!.versions.keys()], ["2", "1"]);
});

test("writes are gathered: a thousand changes of one service are one write, and beats are none", async () => {
  const { clock, store, catalog, keeper } = setUp();
  await keeper.start();
  for (let i = 0; i < 1000; i++) catalog.beat(beat({ instance: `i${i}` }));
  await clock.run(2000);
  assert.deepEqual(store.saved, ["orders"]);
  for (let sequence = 1; sequence < 20; sequence++) {
    catalog.beat(beat({ instance: "i7", sequence }));
    await clock.run(1000);
  }
  assert.deepEqual(store.saved, ["orders"]);
});

test("a store that is away is said to be, and gets everything when it is back", async () => {
  const { clock, store, catalog, keeper } = setUp();
  await keeper.start();
  store.away = true;
  catalog.beat(beat());
  catalog.beat(beat({ service: "billing" }));
  await clock.run(1000);
  assert.deepEqual(keeper.state, {
    kind: "away",
    since: clock.unix(),
    cause: "gone fishing",
    waiting: 2,
  });
  store.away = false;
  await clock.run(30_000);
  assert.deepEqual(keeper.state, { kind: "kept", waiting: 0 });
  assert.deepEqual(store.saved.sort(), ["billing", "orders"]);
});

test("a store that is away at the start loses nothing of what it has", async () => {
  const entries = new Map<string, Uint8Array>();
  const first = setUp(entries);
  await first.keeper.start();
  first.catalog.beat(beat({ version: "1" }));
  first.catalog.beat(beat({ service: "billing" }));
  await first.keeper.close();
  const { firstSeen } = first.catalog.services.get("orders")!;
  first.clock.advance(60_000);

  const second = setUp(entries, first.clock);
  second.store.away = true;
  await second.keeper.start();
  second.catalog.beat(beat({ instance: "i2" }));
  await second.clock.run(2 * SILENT_AFTER_MS);
  assert.deepEqual(second.store.saved, []);
  second.store.away = false;
  await second.clock.run(30_000);
  // Too late for its instances: whoever lives has been heard.
  assert.deepEqual(second.up(), ["i2"]);
  assert.ok(second.catalog.services.has("billing"));
  const orders = (await second.store.load()).find(({ service }) => service === "orders")!;
  assert.equal(orders.firstSeen, firstSeen);
  assert.deepEqual(orders.versions.map(({ version }) => version).sort(), ["1", "2"]);
});

test("a forgotten service is removed from the store", async () => {
  const { clock, store, catalog, keeper } = setUp();
  await keeper.start();
  catalog.beat(beat({ state: "leaving" }));
  await clock.run(2000);
  assert.equal((await store.load()).length, 1);
  clock.epoch += 8 * 24 * 3_600_000;
  catalog.sweep();
  catalog.sweep();
  await clock.run(2000);
  assert.deepEqual(await store.load(), []);
});

test("closing does not wait for a store that does not answer", async () => {
  const { clock, store, catalog, keeper } = setUp();
  await keeper.start();
  catalog.beat(beat());
  store.save = () => new Promise(() => {});
  const closed = keeper.close();
  await turns();
  clock.advance(3000);
  await closed;
});
