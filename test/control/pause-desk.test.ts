import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { PauseDesk } from "../../src/control/pause/pause-desk.ts";
import { type PauseOrder, readPause } from "../../src/control/pause/wire.ts";
import { Sidecars } from "../../src/control/sidecars.ts";
import type { Heartbeat } from "../../src/registry/wire.ts";
import { registry as subjects } from "../../src/subjects/subjects.ts";
import { FakeClock, turns } from "../support/fake-clock.ts";

function scene() {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const heard: PauseOrder[] = [];
  broker.connect().subscribe(subjects.pauseEvent, undefined, ({ data }) => void heard.push(readPause(data)!));
  const sidecars = new Sidecars(clock);
  const desk = new PauseDesk({ bus: broker.connect(), clock, sidecars });
  let sequence = 0;
  const beat = (instance: string, more: Partial<Heartbeat> = {}) =>
    sidecars.beat({
      ...{ service: "orders", instance, version: "1", state: "up", startedAt: 1, sequence: sequence++ },
      ...more,
    });
  beat("i1");
  beat("i2");
  return { broker, clock, heard, desk, beat };
}

const settled = async <T>(promise: Promise<T>): Promise<T | "waits"> => {
  await turns();
  return Promise.race([promise, Promise.resolve<"waits">("waits")]);
};

test("a pause begins when everybody is quiet, and ends when everybody is back", async () => {
  const { broker, clock, heard, desk, beat } = scene();
  const begun = desk.begin();
  await clock.run(100, 10);
  const { id } = heard[0]!;
  assert.deepEqual(heard, [{ id, holdMs: 10_000, drainMs: 4000 }]);
  beat("i1", { quiet: id });
  beat("i2", { quiet: id - 1 });
  await clock.run(500, 10);
  assert.equal(await settled(begun), "waits");
  assert.deepEqual(heard.at(-1), { id, holdMs: 9500, drainMs: 3500 }, "for whoever came meanwhile");
  beat("i2", { quiet: id });
  await clock.run(20, 10);
  assert.equal(await settled(begun), 0);

  const ended = desk.end();
  await clock.run(100, 10);
  broker.setAway(true);
  await clock.run(500, 10);
  beat("i1");
  broker.setAway(false);
  await clock.run(100, 10);
  assert.ok(heard.at(-1)!.holdMs > 0);
  assert.equal(
    await settled(ended),
    "waits",
    "whoever was heard before the registry itself was back says it again",
  );
  beat("i1");
  beat("i2", { state: "leaving" });
  await clock.run(20, 10);
  assert.equal(await settled(ended), 0);
  await turns();
  assert.deepEqual(heard.at(-1), { id, holdMs: 0, drainMs: 0 });
  const said = heard.length;
  await clock.run(5000, 100);
  assert.equal(heard.length, said);
});

test("who does not become quiet is waited for four seconds, and who does not come back until the pause is over", async () => {
  const { broker, clock, heard, desk, beat } = scene();
  const begun = desk.begin();
  await clock.run(3900, 100);
  assert.equal(await settled(begun), "waits");
  beat("i1", { quiet: heard[0]!.id });
  await clock.run(200, 100);
  assert.equal(await settled(begun), 1);
  broker.setAway(true);
  const ended = desk.end();
  await clock.run(100, 10);
  broker.setAway(false);
  beat("i1");
  await clock.run(5000, 100);
  assert.equal(await settled(ended), "waits");
  await clock.run(1000, 100);
  assert.equal(await settled(ended), 1);
  assert.equal(await desk.end(), 0, "there is none");
});
