import assert from "node:assert/strict";
import { test } from "node:test";
import { Pause } from "../../sidecar/pause.ts";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import type { PauseOrder } from "../../src/control/pause/wire.ts";
import { pack } from "../../src/registry/frame.ts";
import { registry as subjects } from "../../src/subjects/subjects.ts";
import { turns } from "../support/fake-clock.ts";
import { time } from "./policy/scene.ts";

function scene() {
  const broker = new MemoryBroker();
  const { sweep, pass } = time();
  const under = { busy: false, serves: false };
  const registry = broker.connect();
  const pause = new Pause({
    ...{ bus: broker.connect(), sweep, say: () => {} },
    busy: () => under.busy || under.serves,
    serves: () => under.serves,
  });
  const told: string[] = [];
  pause.onOver(() => told.push("over"));
  pause.onQuiet(() => told.push(`quiet ${pause.quiet}`));
  const order = async (order: PauseOrder | object) => {
    registry.send(subjects.pauseEvent, pack(order));
    await turns();
  };
  return { broker, sweep, pass, under, pause, told, order };
}

test("a pause holds calls until the registry ends it, and tells when nothing is under way any more", async () => {
  const { pass, under, pause, told, order, sweep } = scene();
  assert.equal(pause.holds, false);
  under.busy = true;
  await order({ id: 7, holdMs: 10_000, drainMs: 4000 });
  assert.deepEqual([pause.isOn, pause.holds, pause.quiet], [true, true, undefined]);
  await pass(100);
  assert.deepEqual(told, []);
  under.busy = false;
  await pass(10);
  await pass(10);
  assert.deepEqual(told, ["quiet 7"]);
  await order({ id: 7, holdMs: 9000, drainMs: 3000 });
  assert.deepEqual(told, ["quiet 7", "quiet 7"], "a registry that did not hear it hears it again");
  await order({ id: 6, holdMs: 0, drainMs: 0 });
  assert.equal(pause.holds, true, "the end of another");
  await order({ id: 7, holdMs: 0, drainMs: 0 });
  assert.deepEqual([pause.holds, pause.quiet, told.at(-1), sweep.size], [false, undefined, "over", 0]);
});

test("an app that serves calls may call others until they have ended, or the broker is about to go", async () => {
  const { broker, pass, under, pause, order } = scene();
  under.serves = true;
  await order({ id: 7, holdMs: 10_000, drainMs: 4000 });
  assert.equal(pause.holds, false);
  under.serves = false;
  assert.equal(pause.holds, true);
  under.serves = true;
  broker.setAway(true);
  assert.equal(pause.holds, true);
  broker.setAway(false);
  assert.equal(pause.holds, false);
  await pass(4000);
  assert.equal(pause.holds, true);
});

test("nobody can hold calls for longer than ten seconds, nor again before five times as long has passed", async () => {
  const { pass, pause, told, order } = scene();
  await order({ id: 1, holdMs: 10_001, drainMs: 0 });
  await order({ id: 1, holdMs: -1, drainMs: 0 });
  await order({ holdMs: 10_000 });
  await order({ id: 1, holdMs: 10_000, drainMs: 4000, padding: "x".repeat(200) });
  assert.equal(pause.isOn, false);
  await order({ id: 1, holdMs: 10_000, drainMs: 4000 });
  for (let s = 0; s < 10; s++) {
    assert.equal(pause.holds, true);
    await order({ id: 1, holdMs: 10_000, drainMs: 4000 });
    await order({ id: 2, holdMs: 10_000, drainMs: 4000 });
    await pass(1000);
  }
  assert.deepEqual([pause.holds, told.at(-1)], [false, "over"]);
  await order({ id: 3, holdMs: 10_000, drainMs: 4000 });
  assert.equal(pause.holds, false);
  await pass(49_000);
  await order({ id: 4, holdMs: 10_000, drainMs: 4000 });
  assert.equal(pause.holds, false);
  await pass(1000);
  await order({ id: 5, holdMs: 10_000, drainMs: 4000 });
  assert.equal(pause.holds, true);
});
