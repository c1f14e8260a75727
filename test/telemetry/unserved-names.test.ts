import assert from "node:assert/strict";
import { test } from "node:test";
import { CallMeter } from "../../src/telemetry/call-meter.ts";

function setUp(side: "client" | "server" = "client") {
  let now = 0;
  const meter = new CallMeter({ side, service: "web", now: () => now });
  const call = (peer: string, errorCode?: string) => {
    meter.started();
    meter.ended({
      ...{ method: "GET", status: errorCode === undefined ? 200 : 503, peer, errorCode },
      ...{ version: errorCode === undefined ? "1" : "", route: "", injected: "", durationMs: 1 },
    });
  };
  const told = () => Object.fromEntries(meter.takeNew().map(({ peer, calls }) => [peer, calls]));
  const pass = (ms: number) => {
    now += ms;
  };
  return { call, told, pass };
}

test("of names that nobody serves the first five are told, all others together, and edges to services stay", () => {
  const { call, told } = setUp();
  for (let i = 0; i < 700; i++) call(`nosuch${i}`, i % 2 === 0 ? "no-instance" : "unknown-backend");
  call("orders");
  const names = Object.fromEntries([0, 1, 2, 3, 4].map((i) => [`nosuch${i}`, 1]));
  assert.deepEqual(told(), { ...names, _UNKNOWN: 695, orders: 1 });
});

test("a service that was ever met is told by its name when all its instances are gone", () => {
  const { call, told } = setUp();
  call("orders");
  call("billing", "deadline");
  for (let i = 0; i < 10; i++) call(`nosuch${i}`, "no-instance");
  told();
  call("orders", "no-instance");
  call("billing", "no-instance");
  call("nosuch9", "no-instance");
  assert.deepEqual(told(), { orders: 1, billing: 1, _UNKNOWN: 1 });
});

test("a name that is not asked for any more makes room for another", () => {
  const { call, told, pass } = setUp();
  for (let i = 0; i < 6; i++) call(`nosuch${i}`, "no-instance");
  pass(700_000);
  told();
  call("orders", "no-instance");
  assert.deepEqual(told(), { orders: 1 });
});

test("callers are told by their names, also those that come while an instance starts", () => {
  const { call, told } = setUp("server");
  for (let i = 0; i < 9; i++) call(`caller${i}`, "no-instance");
  assert.equal(Object.keys(told()).length, 9);
});
