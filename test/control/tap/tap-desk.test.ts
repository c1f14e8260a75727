import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBroker } from "../../../src/bus/memory-bus.ts";
import { TapDesk } from "../../../src/control/tap/tap-desk.ts";
import { MAX_HOLD_MS, readOrder, type TapOrder } from "../../../src/control/tap/wire.ts";
import { registry } from "../../../src/subjects/subjects.ts";
import { FakeClock, turns } from "../../support/fake-clock.ts";

const id = (n: number) => n.toString(16).padStart(24, "0");
const order = (n: number, holdMs = MAX_HOLD_MS): TapOrder => ({
  ...{ id: id(n), service: "orders", side: "server", where: "", bodyBytes: 0, rate: 50, holdMs },
});

test("sidecars are told of every order; the log has each tap once", async () => {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const heard: unknown[] = [];
  const logged: unknown[] = [];
  broker.connect().subscribe(registry.tapEvent, undefined, ({ data }) => void heard.push(readOrder(data)));
  const log = { info: (fields: unknown) => void logged.push(fields), warn() {}, error() {} };
  const desk = new TapDesk({ bus: broker.connect(), clock, log });
  assert.equal(desk.order(order(1)), undefined);
  clock.advance(5000);
  assert.equal(desk.order(order(1)), undefined);
  assert.equal(desk.order(order(1, 0)), undefined);
  await turns();
  assert.deepEqual(heard, [order(1), order(1), order(1, 0)]);
  assert.equal(logged.length, 1);
});

test("sixteen taps are open at most, and one that is not asked for again leaves its place", () => {
  const clock = new FakeClock();
  const log = { info() {}, warn() {}, error() {} };
  const desk = new TapDesk({ bus: new MemoryBroker().connect(), clock, log });
  for (let n = 0; n < 16; n++) assert.equal(desk.order(order(n)), undefined);
  assert.match(desk.order(order(16))!, /16 taps are open already/);
  assert.equal(desk.order(order(3)), undefined);
  clock.advance(MAX_HOLD_MS);
  assert.equal(desk.order(order(16)), undefined);
});

test("without a broker the registry says so", () => {
  const broker = new MemoryBroker();
  const log = { info() {}, warn() {}, error() {} };
  const desk = new TapDesk({ bus: broker.connect(), clock: new FakeClock(), log });
  broker.setAway(true);
  assert.match(desk.order(order(1))!, /no connection to the broker/);
});
