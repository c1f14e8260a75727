import assert from "node:assert/strict";
import { type ClientRequest, get, type IncomingMessage } from "node:http";
import { type TestContext, test } from "node:test";
import { MemoryBroker } from "../../../src/bus/memory-bus.ts";
import { Catalog } from "../../../src/registry/catalog.ts";
import { Drops } from "../../../src/registry/drops.ts";
import { watchChange, watchSnapshot } from "../../../src/registry/http/schemas.ts";
import { serveHttp } from "../../../src/registry/http/server.ts";
import { Watchers } from "../../../src/registry/http/watch.ts";
import { Registry } from "../../../src/registry/registry.ts";
import { Keeper } from "../../../src/registry/store/keeper.ts";
import { MemoryStore } from "../../../src/registry/store/memory-store.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { until } from "../../support/until.ts";
import { beat, silentLog } from "../beats.ts";

interface Event {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

async function setUp(t: TestContext) {
  const clock = new FakeClock();
  const bus = new MemoryBroker().connect();
  const catalog = new Catalog(clock);
  const drops = new Drops(silentLog, () => clock.now());
  const deps = {
    bus,
    catalog,
    drops,
    registry: new Registry({ bus, catalog, clock, drops }),
    keeper: new Keeper(catalog, new MemoryStore(), clock, silentLog),
    watchers: new Watchers(catalog, clock, drops),
  };
  const api = await serveHttp({ port: 0 }, deps, silentLog);
  t.after(() => api.close());
  const watch = (query = "", lastId?: string) => openWatch(t, `${api.url}/v1/watch${query}`, lastId);
  return { ...deps, api, clock, watch };
}

/** Reads events as they come; `hold` stops reading the socket. */
async function openWatch(t: TestContext, url: string, lastId?: string) {
  const headers = lastId === undefined ? {} : { "last-event-id": lastId };
  const [request, response] = await new Promise<[ClientRequest, IncomingMessage]>((resolve, reject) => {
    const request = get(url, { headers, agent: false }, (response) => resolve([request, response]));
    request.on("error", reject);
  });
  t.after(() => request.destroy());
  request.on("error", () => {});
  let text = "";
  let ended = false;
  response.setEncoding("utf8");
  response.on("data", (chunk) => {
    text += chunk;
  });
  response.on("close", () => {
    ended = true;
  });
  response.on("error", () => {});
  const events = (): Event[] =>
    text
      .split("\n\n")
      .slice(0, -1) // the last one is not whole yet
      .filter((block) => block.startsWith("event:"))
      .map((block) => {
        const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)));
        return { event: fields.event, id: fields.id, data: JSON.parse(fields.data) };
      });
  return {
    response,
    events,
    kinds: () => events().map(({ event }) => event),
    text: () => text,
    ended: () => ended,
    hold: () => response.pause(),
    stop: () => request.destroy(),
  };
}

test("a watcher gets a snapshot, then each change as it comes", async (t) => {
  const { catalog, watch } = await setUp(t);
  catalog.beat(beat({ instance: "a" }));
  const watcher = await watch();
  assert.equal(watcher.response.headers["content-type"], "text/event-stream; charset=utf-8");
  catalog.beat(beat({ instance: "b", zone: "z" }));
  catalog.beat(beat({ instance: "a", sequence: 1, state: "leaving" }));
  await until(() => watcher.events().length === 3);
  const [snapshot, up, gone] = watcher.events();
  assert.deepEqual(watcher.kinds(), ["snapshot", "up", "gone"]);
  assert.deepEqual(
    watchSnapshot.parse(snapshot!.data).instances.map(({ instance }) => instance),
    ["a"],
  );
  assert.equal(watchChange.strict().parse(up!.data).instance.zone, "z");
  assert.equal(watchChange.parse(gone!.data).reason, "left");
});

test("a watcher that comes back gets what it missed, or a snapshot when that is not known", async (t) => {
  const { catalog, watch, watchers } = await setUp(t);
  catalog.beat(beat({ instance: "a" }));
  const first = await watch();
  await until(() => first.events().length === 1);
  const { id } = first.events()[0]!;
  first.stop();
  await until(() => watchers.count === 0);
  catalog.beat(beat({ instance: "b" }));
  catalog.beat(beat({ instance: "c" }));

  const second = await watch("", id);
  await until(() => second.events().length === 2);
  assert.deepEqual(second.kinds(), ["up", "up"]);
  const last = second.events()[1]!.id;
  const third = await watch("", last);
  catalog.beat(beat({ instance: "d" }));
  await until(() => third.events().length === 1);
  assert.deepEqual(third.kinds(), ["up"]);

  for (const unknown of ["123-1", `${catalog.registryStart}-999`, "nonsense", ""]) {
    const watcher = await watch("", unknown);
    await until(() => watcher.events().length === 1);
    assert.deepEqual(watcher.kinds(), ["snapshot"], unknown);
  }
  for (let i = 0; i < 3000; i++) catalog.beat(beat({ service: `s${i % 9}`, instance: `i${i}` }));
  const late = await watch("", id);
  await until(() => late.events().length === 1);
  assert.deepEqual(late.kinds(), ["snapshot"]);
});

test("a watcher of one service hears of no other", async (t) => {
  const { catalog, watch } = await setUp(t);
  catalog.beat(beat({ service: "billing" }));
  const watcher = await watch("?service=orders");
  catalog.beat(beat({ service: "billing", instance: "b" }));
  catalog.beat(beat({ instance: "a" }));
  await until(() => watcher.events().length === 2);
  assert.deepEqual(watcher.events()[0]!.data.instances, []);
  assert.deepEqual(watcher.kinds(), ["snapshot", "up"]);
});

test("comments show a quiet watcher that the registry is there", async (t) => {
  const { clock, watch } = await setUp(t);
  const watcher = await watch();
  clock.advance(15_000);
  await until(() => watcher.text().endsWith("\n\n:\n\n"));
});

test("a watcher that does not read is cut off, and the others are not", async (t) => {
  const { catalog, drops, watch, watchers } = await setUp(t);
  const slow = await watch();
  const good = await watch("?service=orders");
  await until(() => watchers.count === 2);
  slow.hold();
  // More than the sockets' buffers hold; one turn in between, so that they fill.
  for (let round = 0; round < 200 && watchers.count === 2; round++) {
    for (let i = 0; i < 500; i++)
      catalog.beat(
        beat({ service: `flood-${round % 40}`, instance: `i${round}-${i}`, zone: "z".repeat(63) }),
      );
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(watchers.count, 1);
  assert.deepEqual(drops.counts(), { "watcher-slow": 1 });
  catalog.beat(beat());
  await until(() => good.kinds().includes("up"));
});

test("more watchers than can be served are refused with the cure", async (t) => {
  const { watch } = await setUp(t);
  for (let i = 0; i < 64; i++) await watch();
  const refused = await watch();
  assert.equal(refused.response.statusCode, 503);
  await until(() => refused.ended());
  assert.match(refused.text(), /too-many-watchers/);
});

test("closing the registry ends every watch", async (t) => {
  const { api, watch } = await setUp(t);
  const watcher = await watch();
  await api.close();
  await until(() => watcher.ended());
});
