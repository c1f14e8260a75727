import assert from "node:assert/strict";
import { test } from "node:test";
import { ParkingLot } from "../../../sidecar/policy/park.ts";
import { type BrokerWatch, waitForBroker } from "../../../sidecar/policy/wait-for-broker.ts";
import { failed, type Outcome } from "../../../sidecar/stack/outcome.ts";
import { stack } from "../../../sidecar/stack/stack.ts";
import { aCall } from "../../support/calls.ts";
import { codeOf, isPending, replied, time } from "./scene.ts";

const nobody = failed("no-instance", "no", "orders has no instance");
const away = failed("broker-away", "no", "no connection");

test("a broker that goes away does not end the wait of a call that is held", async () => {
  const { sweep, pass } = time();
  let outcome: Outcome = nobody;
  let asked = 0;
  const lot = new ParkingLot({ maxWaitMs: 2000, maxCalls: 100 }, { sweep, random: () => 0.5 });
  const send = lot.layer(async () => {
    asked++;
    return outcome;
  });
  const run = async (ms: number) => {
    for (let past = 0; past < ms; past += 10) await pass(10);
  };
  const first = send(aCall());
  const second = send(aCall());
  await run(100);
  outcome = away;
  await run(1000);
  assert.ok(asked >= 4, "it is looked now and then whether it is back");
  assert.deepEqual([await isPending(first), await isPending(second)], [true, true]);
  outcome = replied;
  await run(500);
  assert.deepEqual([codeOf(await first), codeOf(await second), sweep.size], [200, 200, 0]);

  outcome = nobody;
  const late = [send(aCall()), send(aCall())];
  await run(100);
  outcome = away;
  await run(2000);
  for (const one of late) assert.equal(codeOf(await one), "broker-away", "the cure is another one");
  assert.deepEqual([lot.counts.expired, lot.counts.held], [2, 0]);
});

test("a call that comes while the broker is away is not the lot's, and one that waited for the broker is", async () => {
  const { sweep, pass } = time();
  const lot = new ParkingLot({ maxWaitMs: 1000, maxCalls: 100 }, { sweep, random: () => 0.5 });
  assert.equal(codeOf(await lot.layer(async () => away)(aCall())), "broker-away");

  let connected = false;
  let listener: () => void = () => undefined;
  const broker: BrokerWatch = {
    get state() {
      return { kind: connected ? "connected" : "away" } as const;
    },
    onState(heard) {
      listener = () => heard({ kind: "connected" });
      return () => undefined;
    },
  };
  let outcome: Outcome = nobody;
  const service = stack(waitForBroker(broker, 500, sweep), lot.layer)(async () => outcome);
  const call = service(aCall());
  await pass(400);
  connected = true;
  listener();
  for (let past = 0; past < 900; past += 10) await pass(10);
  assert.equal(await isPending(call), true, "it has the lot's time, too");
  outcome = replied;
  lot.up("");
  for (let past = 0; past < 50; past += 10) await pass(10);
  assert.equal(codeOf(await call), 200);
});
