import assert from "node:assert/strict";
import { test } from "node:test";
import { Sweep } from "../../../sidecar/stack/sweep.ts";
import { until } from "../../support/until.ts";

const entry = (dueAt: number, log: string[], name: string) => ({
  dueAt,
  sweepSlot: -1,
  due: () => void log.push(name),
});

test("runs what is due, once, and nothing that was taken back or put off", () => {
  let now = 0;
  const sweep = new Sweep(() => now);
  const log: string[] = [];
  const late = entry(10, log, "put off");
  const gone = entry(10, log, "taken back");
  for (const each of [entry(10, log, "due"), late, gone, entry(Number.POSITIVE_INFINITY, log, "never")])
    sweep.add(each);
  late.dueAt = 50;
  sweep.delete(gone);
  now = 9;
  sweep.tick();
  assert.deepEqual(log, []);
  now = 10;
  sweep.tick();
  sweep.tick();
  assert.deepEqual(log, ["due"]);
  now = 60;
  sweep.tick();
  assert.deepEqual(log, ["due", "put off"]);
  assert.equal(sweep.size, 1);
});

test("wakes by itself, also for an entry that is added later and due sooner", async () => {
  const sweep = new Sweep();
  const log: string[] = [];
  sweep.add(entry(sweep.now() + 60_000, log, "far"));
  sweep.add(entry(sweep.now() + 15, log, "near"));
  await until(() => log.length > 0);
  assert.deepEqual(log, ["near"]);
});

test("an entry may add itself again", async () => {
  const sweep = new Sweep();
  let runs = 0;
  const repeating = {
    dueAt: 0,
    sweepSlot: -1,
    due() {
      if (++runs === 3) return;
      this.dueAt = sweep.now() + 1;
      sweep.add(this);
    },
  };
  sweep.add(repeating);
  await until(() => runs === 3);
  assert.equal(sweep.size, 0);
});

test("entries that keep coming, each due in a moment, put off nothing", async () => {
  const sweep = new Sweep();
  const log: string[] = [];
  const addOne = (): void => sweep.add(entry(sweep.now() + 2, log, "due"));
  const adding = setInterval(addOne, 1);
  addOne();
  try {
    await until(() => log.length > 0, { withinMs: 1000, what: "the first of them, while more come" });
  } finally {
    clearInterval(adding);
  }
});

test("after a stall it lets all sockets be read, several times, before anything is due", async () => {
  let stalledMs = 0;
  const sweep = new Sweep(() => performance.now() + stalledMs);
  const log: string[] = [];
  sweep.add(entry(sweep.now() + 1000, log, "due"));
  stalledMs = 9000;
  sweep.wake();
  let turns = 0;
  // Each turn of the loop reads all its sockets once.
  for (; log.length === 0 && turns < 1_000_000; turns++)
    await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(log, ["due"]);
  assert.ok(turns > 5, `${turns} turns`);
});

test("a timer that is up a little late, too, lets the sockets be read once", async () => {
  let now = 0;
  const sweep = new Sweep(() => now);
  const log: string[] = [];
  sweep.add(entry(1000, log, "due"));
  now = 1100;
  sweep.wake();
  assert.deepEqual(log, []);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(log, ["due"]);
});

test("a loop that is always late puts off nothing for ever", async () => {
  let now = 0;
  const sweep = new Sweep(() => (now += 1000), 1);
  const log: string[] = [];
  sweep.add(entry(2000, log, "due"));
  await until(() => log.length > 0);
});
