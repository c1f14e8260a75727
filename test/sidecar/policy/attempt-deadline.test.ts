import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptDeadline } from "../../../sidecar/policy/attempt-deadline.ts";
import { deadline } from "../../../sidecar/policy/deadline.ts";
import { failed } from "../../../sidecar/stack/outcome.ts";
import { stack } from "../../../sidecar/stack/stack.ts";
import { LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { codeOf, isPending, replied, slow, time } from "./scene.ts";

test("only the attempt ends: the call may go on, and its next attempt has all of its time again", async () => {
  const { sweep, pass } = time();
  const call = aCall({ timeoutMs: 5000 });
  const service = attemptDeadline(100, sweep)(slow);
  for (let attempt = 1; attempt <= 2; attempt++) {
    const outcome = service(call);
    await pass(99);
    assert.equal(await isPending(outcome), true);
    await pass(1);
    assert.equal(codeOf(await outcome), "attempt-timeout");
    assert.equal(call.cancelled, undefined);
    assert.deepEqual([sweep.size, call.attemptDueAt], [0, Number.POSITIVE_INFINITY]);
  }
});

test("the next hop is told the nearer of both times", async () => {
  const { sweep, pass } = time();
  const told: number[] = [];
  const service = attemptDeadline(
    100,
    sweep,
  )(async (call) => {
    told.push(call.remainingMs(sweep.now()));
    return replied;
  });
  const call = aCall({ timeoutMs: 1000 });
  await service(call);
  await pass(950);
  await service(call);
  assert.deepEqual(told, [100, 50]);
  assert.equal(call.remainingMs(sweep.now()), 50, "after the attempt it is the call's alone");
  await service(aCall({ timeoutMs: Number.POSITIVE_INFINITY }, sweep.now()));
  assert.equal(told[2], 100, "also for a call without a limit");
});

test("the clock of an upload starts when it has ended, for the attempt and for the call", async () => {
  const { sweep, pass } = time();
  const call = aCall({ timeoutMs: 1000, body: new LiveBody("part") });
  const outcome = stack(deadline(sweep), attemptDeadline(100, sweep))(slow)(call);
  await pass(5000);
  assert.equal(await isPending(outcome), true);
  call.onRequestEnded?.();
  assert.deepEqual([call.dueAt, call.attemptDueAt], [6000, 5100]);
  await pass(100);
  assert.equal(codeOf(await outcome), "attempt-timeout");
  assert.deepEqual([call.onRequestEnded, sweep.size], [undefined, 0]);
});

test("an answer that comes before the upload has ended leaves no clock behind", async () => {
  const { sweep } = time();
  const call = aCall({ body: new LiveBody("part") });
  let before = 0;
  call.onRequestEnded = () => before++;
  await attemptDeadline(100, sweep)(async () => replied)(call);
  call.onRequestEnded();
  assert.deepEqual([before, sweep.size, call.attemptDueAt], [1, 0, Number.POSITIVE_INFINITY]);
});

test("the clock of a wish to change protocols starts at once", async () => {
  const { sweep, pass } = time();
  const call = aCall({ upgrade: "websocket", body: new LiveBody("", "none") });
  const outcome = attemptDeadline(100, sweep)(slow)(call);
  await pass(100);
  assert.equal(codeOf(await outcome), "attempt-timeout");
});

test("a callee that finds the attempt's time past before we do says the same", async () => {
  const { sweep } = time();
  const told = failed("deadline", "unknown", "the time is used up");
  const outcome = await attemptDeadline(100, sweep)(async () => told)(aCall({ timeoutMs: 1000 }));
  assert.deepEqual(outcome, failed("attempt-timeout", "unknown", "the time is used up"));
});

test("a callee that finds the call's time past before we do ends the call, not an attempt of it", async () => {
  const { sweep, pass } = time();
  const call = aCall({ timeoutMs: 1000 });
  await pass(950);
  const told = failed("deadline", "unknown", "the time is used up");
  assert.equal(await attemptDeadline(100, sweep)(async () => told)(call), told);
});

test("the call's own deadline and its caller's leaving stay what they are", async () => {
  const { sweep, pass } = time();
  const service = stack(deadline(sweep), attemptDeadline(100, sweep))(slow);
  const late = service(aCall({ timeoutMs: 50 }));
  await pass(50);
  assert.equal(codeOf(await late), "deadline");
  const call = aCall({}, sweep.now());
  const left = service(call);
  call.cancel("cancelled");
  assert.equal(codeOf(await left), "cancelled");
  assert.equal(sweep.size, 0);
});
