import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { VERSION as FRAMES } from "../../src/protocol/frame.ts";
import { WEFT_VERSION } from "../../src/protocol/weft-version.ts";
import { pack, readHeartbeat } from "../../src/registry/frame.ts";
import { Heartbeater } from "../../src/registry/heartbeater.ts";
import { HEARTBEAT_MS, type Heartbeat } from "../../src/registry/wire.ts";
import { registry as subjects } from "../../src/subjects/subjects.ts";
import { FakeClock, turns } from "../support/fake-clock.ts";

function setUp() {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const heard: { at: number; beat: Heartbeat }[] = [];
  broker.connect().subscribe(subjects.everyHeartbeat, undefined, ({ subject, data }) => {
    heard.push({ at: clock.now(), beat: readHeartbeat(subject, data) as Heartbeat });
  });
  const names = { service: "orders", instance: "i1", version: "2" };
  let calls = 0;
  const stats = () => ({ calls: calls++, errors: 0, busyMs: 1.5 });
  const beats = new Heartbeater({ bus: broker.connect(), clock, ...names, zone: "north", stats });
  return { broker, clock, heard, beats, names };
}

test("an instance says nothing until it is known whether its app may be called", async () => {
  const { clock, heard, beats } = setUp();
  await clock.run(10_000);
  await beats.leave();
  await turns();
  assert.deepEqual(heard, []);
});

test("beats come at least every two seconds, but not in step, and count up", async () => {
  const { clock, heard, beats } = setUp();
  beats.set("up");
  await clock.run(60_000, 10);
  const gaps = heard.slice(1).map(({ at }, i) => at - heard[i]!.at);
  assert.ok(
    gaps.length >= 29 && gaps.every((gap) => gap <= HEARTBEAT_MS + 10 && gap >= 0.8 * HEARTBEAT_MS - 10),
  );
  assert.ok(new Set(gaps).size > 5);
  assert.deepEqual(
    heard.map(({ beat }) => [beat.sequence, beat.stats!.calls, beat.zone]),
    heard.map((_, i) => [i, i, "north"]),
  );
});

test("each change is said at once and only once, and nothing after the leaving word", async () => {
  const { clock, heard, beats } = setUp();
  for (const state of ["down", "up", "up", "down", "up"] as const) beats.set(state);
  await beats.leave();
  await beats.leave();
  beats.set("up");
  await clock.run(10_000);
  assert.deepEqual(
    heard.map(({ beat }) => beat.state),
    ["down", "up", "down", "up", "leaving"],
  );
});

test("a beat follows at once when the broker is back, and leaving does not wait for one that is away", async () => {
  const { broker, clock, heard, beats } = setUp();
  beats.set("up");
  await turns();
  broker.setAway(true);
  await clock.run(60_000);
  assert.equal(heard.length, 1);
  broker.setAway(false);
  await turns();
  assert.equal(heard.length, 2);
  broker.setAway(true);
  await beats.leave();
});

test("names that the registry would refuse are refused where they are given", () => {
  const { broker, clock, names } = setUp();
  const make = (changes: Record<string, string>) =>
    new Heartbeater({ bus: broker.connect(), clock, ...names, ...changes });
  for (const bad of [{ zone: "eu west" }, { version: "1.0" }, { instance: "" }, { service: "registry" }])
    assert.throws(() => make(bad as Record<string, string>), { name: "NameError" });
});

test("a beat tells the Weft that runs and its frames; one that tells nothing, or nonsense, is heard all the same", async () => {
  const { clock, heard, beats, names } = setUp();
  beats.set("up");
  await clock.run(10);
  const { weft, frames } = heard[0]!.beat;
  assert.deepEqual([weft, frames], [WEFT_VERSION, FRAMES]);
  const subject = subjects.heartbeat(names.service, names.instance);
  const read = (told: object) =>
    readHeartbeat(subject, pack({ ...names, state: "up", startedAt: 1, sequence: 0, ...told })) as Heartbeat;
  assert.deepEqual(
    [{}, { weft: "<b>", frames: -1 }, { weft: "9.0.0-rc.1", frames: 2 }].map((told) => read(told).state),
    ["up", "up", "up"],
  );
});
