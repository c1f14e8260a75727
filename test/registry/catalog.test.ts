import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Catalog, SWEEP_MS } from "../../src/registry/catalog.ts";
import { LIMITS, type Limits, upRows } from "../../src/registry/known-service.ts";
import { recordOf } from "../../src/registry/store/record.ts";
import { HEARTBEAT_MS, type InstanceEvent, SILENT_AFTER_MS } from "../../src/registry/wire.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { beat } from "./beats.ts";

function make(limits: Partial<Limits> = {}) {
  const clock = new FakeClock();
  const catalog = new Catalog(clock, { ...LIMITS, ...limits });
  const events: InstanceEvent[] = [];
  catalog.onChange((event) => events.push(event));
  const log = () =>
    events.map(({ kind, reason, row }) => [kind, row.instance, ...(reason ? [reason] : [])].join(" "));
  const wait = (ms: number) => {
    for (let past = 0; past < ms; past += SWEEP_MS) {
      clock.advance(Math.min(SWEEP_MS, ms - past));
      catalog.sweep();
    }
  };
  const up = (service = "orders") => upRows(catalog.services.get(service)).map((row) => row.instance);
  return { clock, catalog, events, log, wait, up };
}

describe("an instance", () => {
  test("is up with its first beat, and later beats of the same kind tell nobody", () => {
    const { catalog, log, up } = make();
    for (let sequence = 0; sequence < 5; sequence++)
      assert.equal(catalog.beat(beat({ sequence })), "accepted");
    assert.deepEqual(log(), ["up i1"]);
    assert.deepEqual(up(), ["i1"]);
  });

  test("is gone when three beats are missed, not before", () => {
    const { catalog, log, wait, up } = make();
    catalog.beat(beat());
    wait(SILENT_AFTER_MS - SWEEP_MS);
    assert.deepEqual(up(), ["i1"]);
    wait(SWEEP_MS);
    assert.deepEqual(log(), ["up i1", "gone i1 silent"]);
    assert.deepEqual(up(), []);
  });

  test("is gone at once when it leaves or its app is down, and comes back", () => {
    const { catalog, log } = make();
    catalog.beat(beat({ sequence: 0 }));
    catalog.beat(beat({ sequence: 1, state: "down" }));
    catalog.beat(beat({ sequence: 2, state: "down" }));
    catalog.beat(beat({ sequence: 3 }));
    catalog.beat(beat({ sequence: 4, state: "leaving" }));
    assert.deepEqual(log(), ["up i1", "gone i1 down", "up i1", "gone i1 left"]);
  });

  test("that left is not brought back by a beat that was late", () => {
    const { catalog, up } = make();
    catalog.beat(beat({ sequence: 7 }));
    catalog.beat(beat({ sequence: 9, state: "leaving" }));
    assert.equal(catalog.beat(beat({ sequence: 8 })), "stale");
    assert.equal(catalog.beat(beat({ sequence: 9 })), "stale");
    assert.deepEqual(up(), []);
  });

  test("that starts anew is gone and up again, so that nobody waits for the earlier start", () => {
    const { catalog, events, log } = make();
    catalog.beat(beat({ sequence: 50 }));
    catalog.beat(beat({ sequence: 0, startedAt: beat().startedAt + 10 }));
    assert.deepEqual(log(), ["up i1", "gone i1 restarted", "up i1"]);
    assert.equal(events[1]!.row.startedAt, beat().startedAt);
    assert.equal(events[2]!.row.startedAt, beat().startedAt + 10);
  });

  test("whose earlier start still beats stays the later one", () => {
    const { catalog, log } = make();
    catalog.beat(beat({ startedAt: 200 }));
    assert.equal(catalog.beat(beat({ startedAt: 100, sequence: 900 })), "stale");
    assert.deepEqual(log(), ["up i1"]);
  });

  test("whose wall clock went back is believed when the other start has been silent", () => {
    const { catalog, wait, up } = make();
    catalog.beat(beat({ startedAt: 4_000_000_000_000 }));
    wait(SILENT_AFTER_MS - SWEEP_MS);
    assert.equal(catalog.beat(beat({ startedAt: 100 })), "stale");
    wait(SWEEP_MS);
    assert.equal(catalog.beat(beat({ startedAt: 100 })), "accepted");
    assert.deepEqual(up(), ["i1"]);
  });

  test("that changes its zone or version is told anew without being gone", () => {
    const { catalog, log, events } = make();
    catalog.beat(beat({ sequence: 0 }));
    catalog.beat(beat({ sequence: 1, zone: "b" }));
    assert.deepEqual(log(), ["up i1", "up i1"]);
    assert.equal(events[1]!.row.zone, "b");
  });

  test("that flaps is slowed down, but believed each time that it goes", () => {
    const { catalog, events, wait } = make({ upBurst: 3, upEveryMs: 1000 });
    let sequence = 0;
    const verdicts = Array.from({ length: 20 }, () => {
      catalog.beat(beat({ sequence: sequence++, state: "down" }));
      return catalog.beat(beat({ sequence: sequence++ }));
    });
    assert.equal(verdicts.filter((verdict) => verdict === "accepted").length, 3);
    assert.equal(events.at(-1)!.kind, "gone");
    wait(1000);
    assert.equal(catalog.beat(beat({ sequence: sequence++ })), "accepted");
  });

  test("keeps beating unharmed when the wall clock jumps", () => {
    const { catalog, clock, up, wait } = make();
    catalog.beat(beat());
    clock.epoch += 3_600_000;
    wait(HEARTBEAT_MS);
    assert.deepEqual(up(), ["i1"]);
  });
});

test("nobody is called silent when it was the registry that stood still", () => {
  const { catalog, clock, up, wait } = make();
  catalog.beat(beat());
  wait(1000);
  clock.advance(10 * SILENT_AFTER_MS);
  catalog.sweep();
  assert.deepEqual(up(), ["i1"]);
  wait(SILENT_AFTER_MS);
  assert.deepEqual(up(), []);
});

test("the events of a service form a chain in which a missing one shows", () => {
  const { catalog, events } = make();
  catalog.beat(beat());
  catalog.beat(beat({ service: "billing" }));
  catalog.beat(beat({ instance: "i2" }));
  catalog.beat(beat({ sequence: 1, state: "leaving" }));
  assert.deepEqual(
    events.map(({ row, revision, previous }) => [row.service, previous, revision]),
    [
      ["orders", 0, 1],
      ["billing", 0, 2],
      ["orders", 1, 3],
      ["orders", 3, 4],
    ],
  );
  assert.ok(events.every(({ registryStart }) => registryStart === catalog.registryStart));
});

test("two registries that start in the same millisecond have different names", () => {
  const clock = new FakeClock();
  const starts = new Set(Array.from({ length: 20 }, () => new Catalog(clock).registryStart));
  assert.ok(starts.size > 10);
});

describe("memory stays bounded", () => {
  test("a service takes so many instances, forgets gone ones for new ones, and refuses the rest", () => {
    const { catalog, up } = make({ instancesPerService: 3 });
    for (const instance of ["a", "b", "c"]) catalog.beat(beat({ instance }));
    assert.equal(catalog.beat(beat({ instance: "d" })), "full");
    catalog.beat(beat({ instance: "b", sequence: 1, state: "leaving" }));
    assert.equal(catalog.beat(beat({ instance: "d" })), "accepted");
    assert.deepEqual(up(), ["a", "c", "d"]);
    assert.equal(catalog.services.get("orders")!.instances.size, 3);
  });

  test("an instance that names a new version in each beat is remembered for the last ones", () => {
    const { catalog } = make({ versionsPerService: 4, upBurst: 1000 });
    for (let i = 0; i < 100; i++) catalog.beat(beat({ sequence: i, version: `v${i}` }));
    const versions = catalog.services.get("orders")!.versions;
    assert.equal(versions.size, 4);
    assert.ok(versions.has("v99"));
  });

  test("a full registry forgets an idle service for a new one, and refuses when none is idle", () => {
    const { catalog } = make({ services: 2 });
    catalog.beat(beat({ service: "a" }));
    catalog.beat(beat({ service: "b" }));
    assert.equal(catalog.beat(beat({ service: "c" })), "full");
    catalog.beat(beat({ service: "a", sequence: 1, state: "leaving" }));
    assert.equal(catalog.beat(beat({ service: "c" })), "accepted");
    assert.deepEqual([...catalog.services.keys()], ["b", "c"]);
  });

  test("gone instances, idle versions and idle services are forgotten in the end", () => {
    const { catalog, wait } = make({ goneKeptMs: 20_000, idleKeptMs: 60_000 });
    const forgotten: string[] = [];
    catalog.beat(beat({ state: "leaving" }));
    catalog.onRecord((service) => catalog.services.has(service) || forgotten.push(service));
    wait(20_000);
    const orders = catalog.services.get("orders")!;
    assert.equal(orders.instances.size, 0);
    assert.deepEqual([...orders.versions.keys()], ["2"]);
    wait(40_500);
    assert.equal(catalog.services.size, 0);
    assert.deepEqual(forgotten, ["orders"]);
  });
});

describe("what an earlier registry knew", () => {
  const earlier = () => {
    const { catalog, clock } = make();
    catalog.beat(beat({ instance: "a", zone: "z" }));
    catalog.beat(beat({ instance: "b", version: "1" }));
    clock.advance(5000);
    catalog.beat(beat({ instance: "b", version: "1", sequence: 1, state: "leaving" }));
    return recordOf(catalog.services.get("orders")!);
  };

  test("is up until silent for as long as any other, and confirmed by a beat without news", () => {
    const { catalog, log, wait, clock } = make();
    clock.advance(100_000);
    catalog.sweep();
    catalog.restore(earlier(), true);
    assert.deepEqual(log(), ["up a"]);
    wait(SILENT_AFTER_MS - SWEEP_MS);
    assert.equal(catalog.beat(beat({ instance: "a", zone: "z", sequence: 400 })), "accepted");
    wait(SWEEP_MS);
    assert.deepEqual(log(), ["up a"]);
    wait(SILENT_AFTER_MS);
    assert.deepEqual(log(), ["up a", "gone a silent"]);
  });

  test("does not undo what was heard since", () => {
    const { catalog, log } = make();
    catalog.beat(beat({ instance: "a", startedAt: beat().startedAt + 1, version: "3" }));
    catalog.restore(earlier(), true);
    assert.deepEqual(log(), ["up a"]);
    assert.equal(upRows(catalog.services.get("orders"))[0]!.version, "3");
  });

  test("keeps services and versions known, with the time they were first seen", () => {
    const { catalog, clock, up } = make();
    clock.advance(60_000);
    catalog.restore(earlier(), false);
    const orders = catalog.services.get("orders")!;
    assert.deepEqual(up(), []);
    assert.deepEqual([...orders.versions.keys()], ["2", "1"]);
    assert.equal(orders.firstSeen, clock.epoch + 1000);
  });
});

test("any order of beats of one instance ends as its newest beat says", () => {
  // A small generator with a fixed seed: a failure can be run again.
  let seed = 42;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed % below;
  };
  const states = ["up", "down", "leaving"] as const;
  for (let round = 0; round < 300; round++) {
    const { catalog, events, up } = make({ upBurst: 1000 });
    const beats = Array.from({ length: 12 }, (_, i) =>
      beat({ startedAt: 1000 + Math.floor(i / 4), sequence: i % 4, state: states[random(3)]! }),
    );
    const newest = beats.at(-1)!;
    for (let i = beats.length - 1; i > 0; i--) {
      const j = random(i + 1);
      [beats[i], beats[j]] = [beats[j]!, beats[i]!];
    }
    for (const one of beats) catalog.beat(one);
    assert.deepEqual(up(), newest.state === "up" ? ["i1"] : []);
    const replayed = new Set<string>();
    for (const { kind, row } of events)
      if (kind === "up") replayed.add(row.instance);
      else assert.ok(replayed.delete(row.instance), "gone only after up");
    assert.deepEqual([...replayed], up());
  }
});
