import assert from "node:assert/strict";
import { test } from "node:test";
import { ParkingLot } from "../../../sidecar/policy/park.ts";
import { RETRY_BUDGET, RetryBudget } from "../../../sidecar/policy/retry-budget.ts";
import { urgency } from "../../../sidecar/policy/shed.ts";
import { waitForBroker } from "../../../sidecar/policy/wait-for-broker.ts";
import type { Call, Service } from "../../../sidecar/stack/call.ts";
import { type CallEvent, marksOf } from "../../../sidecar/stack/marks.ts";
import { aCall } from "../../support/calls.ts";
import { scene as hedging } from "./hedge-scene.ts";
import { scene as limiting } from "./limit-scene.ts";
import { CODES, none, scene as retrying, unavailable } from "./retry-scene.ts";
import { replied, time } from "./scene.ts";

const NO_BUDGET = () => new RetryBudget({ ...RETRY_BUDGET, percent: 0, minPerSecond: 0 });

/** A call whose span is recorded, and what is told of it. */
function traced(call: Call = aCall()) {
  const events: [string, CallEvent][] = [];
  call.onEvent = (name, event) => events.push([name, event]);
  return { call, events, marks: () => marksOf(call.marks) };
}

test("a call that nothing was done with has no marks, and one that had much of it has each once", () => {
  const call = aCall();
  assert.equal(marksOf(call.marks), "");
  for (const mark of ["hedged", "parked", "hedged"] as const) call.note(mark);
  assert.equal(marksOf(call.marks), "parked, hedged");
});

test("a further attempt tells what the one before came to; that is no mark, as the attempts say it themselves", async () => {
  const retried: number[] = [];
  const { run } = retrying([none, unavailable(), replied], CODES, { retried: () => retried.push(1) });
  const { call, events, marks } = traced();
  await run(call);
  assert.deepEqual([marks(), retried.length], ["", 2]);
  assert.deepEqual(
    events.map(([name, { instance, code, status }]) => [name, instance, code, status]),
    [
      ["retry", "o1", "no-instance", 503],
      ["retry", "o2", "", 503],
    ],
  );
});

test("what the budget did not allow is marked, of a retry and of a hedge", async () => {
  const { run } = retrying([unavailable()], CODES, { budget: NO_BUDGET() });
  const retry = traced();
  await run(retry.call);
  const { pass, attempts, run: hedged } = hedging({}, NO_BUDGET());
  const hedge = traced();
  const outcome = hedged(hedge.call);
  await pass(100);
  await attempts[0]!.answer();
  await outcome;
  for (const { marks, events } of [retry, hedge])
    assert.deepEqual([marks(), events.map(([name]) => name)], ["over-budget", ["over-budget"]]);
});

test("a hedge is marked when it begins and when its answer is taken, and marks of the attempts are the call's", async () => {
  const { pass, attempts, run } = hedging();
  const { call, events, marks } = traced();
  const outcome = run(call);
  attempts[0]!.call.note("ejected", undefined, "o1");
  await pass(100);
  await attempts[1]!.answer();
  await outcome;
  assert.equal(marks(), "hedged, hedge-won, ejected");
  assert.deepEqual(
    events.map(([name, { instance }]) => [name, instance]),
    [
      ["ejected", "o1"],
      ["hedged", ""],
      ["hedge-won", "o2"],
    ],
  );
});

test("a call that is held for an instance, or for the broker, is told with the time that it was held", async () => {
  const { sweep, pass } = time();
  const lot = new ParkingLot({ maxWaitMs: 400, maxCalls: 1 }, { sweep, random: () => 0.5 });
  const parked = traced();
  const held = lot.layer(async () => none)(parked.call);
  while (parked.call.waitedMs < 400) await pass(100);
  await held;
  assert.equal(parked.marks(), "parked");
  const times = parked.events.map(([name, { ms }]) => [name, ms]);
  assert.ok(times.every(([name]) => name === "parked"));
  assert.equal(
    times.reduce((sum, [, ms]) => sum + Number(ms), 0),
    parked.call.waitedMs,
  );

  const away = traced();
  const broker = { state: { kind: "away" } as const, onState: () => () => {} };
  const answer: Service = async () => replied;
  const ended = waitForBroker(broker, 50, sweep)(answer)(away.call);
  await pass(50);
  await ended;
  assert.deepEqual(away.events, [["broker-away", { instance: "", ms: 50 }]]);
});

test("a call that waited for a place at the app is marked, and one that made room for a more urgent one", async () => {
  const priority = { urgencyOf: ({ head }: Call) => urgency(head.headers), shedBelow: 7 };
  const { app, serve, pass } = limiting({ limit: 1, queueCalls: 1, priority });
  const [first, lazy, urgent] = ["3", "5", "1"].map((headers) => traced(aCall({ headers })));
  const ended = [first, lazy, urgent].map((one) => serve(one!.call));
  await pass(30);
  app.answer(0);
  await pass(0);
  app.answer(0);
  await Promise.all(ended);
  assert.deepEqual(
    [first, lazy, urgent].map((one) => one!.marks()),
    ["", "queued, shed", "queued"],
  );
  assert.deepEqual(urgent!.events, [["queued", { instance: "", ms: 30 }]]);
});

test("without a span to record, nothing is made for events", () => {
  const call = aCall();
  call.note("parked", 5);
  assert.equal(call.onEvent, undefined);
  assert.equal(marksOf(call.marks), "parked");
});
