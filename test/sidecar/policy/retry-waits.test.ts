import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptDeadline } from "../../../sidecar/policy/attempt-deadline.ts";
import { deadline } from "../../../sidecar/policy/deadline.ts";
import { RETRY } from "../../../sidecar/policy/retry.ts";
import type { Service } from "../../../sidecar/stack/call.ts";
import { stack } from "../../../sidecar/stack/stack.ts";
import { LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { CODES, NOW, none, reset, scene, unavailable } from "./retry-scene.ts";
import { codeOf, isPending, replied, slow } from "./scene.ts";

test("the wait is random up to a limit that grows, and is capped", async () => {
  for (const [draw, minMs, waits] of [
    [1, 0, [25, 75, 175, 250, 250]] as const,
    [0.5, 0, [12.5, 37.5, 87.5, 187.5, 250]] as const,
    [0, 0, [0, 0, 0, 0, 0]] as const,
    // The least wait of the Gateway API comes before the random part.
    [1, 25, [50, 100, 200, 275, 275]] as const,
    [0, 25, [25, 25, 25, 25, 25]] as const,
  ]) {
    const { pass, layer, service, attempts } = scene(
      [none],
      { ...RETRY, attempts: 5, minMs },
      { random: () => draw },
    );
    const outcome = layer(service)(aCall());
    for (const [i, ms] of waits.entries()) {
      await new Promise(setImmediate);
      if (ms > 0) await pass(ms - 0.5);
      assert.equal(attempts.length, i + 1);
      await pass(ms > 0 ? 0.5 : 0);
      assert.equal(attempts.length, i + 2, `wait ${i} for a draw of ${draw}`);
    }
    await outcome;
  }
});

test("Retry-After is waited for, in seconds or until a date, with the jitter on top", async () => {
  for (const value of ["2", new Date(NOW + 2000).toUTCString()]) {
    const answer = unavailable(`Retry-After: ${value}\r\n`);
    const { pass, layer, service, attempts } = scene([answer, replied], CODES, { random: () => 1 });
    const outcome = layer(service)(aCall());
    await new Promise(setImmediate);
    await pass(2024);
    assert.equal(attempts.length, 1);
    await pass(1);
    assert.equal(codeOf(await outcome), 200);
  }
});

test("an answer that asks for more patience than policy or the call has is returned at once", async () => {
  for (const [seconds, timeoutMs, attempts] of [
    [300, Number.POSITIVE_INFINITY, 2] as const,
    [301, Number.POSITIVE_INFINITY, 1] as const,
    [14, 15_000, 2] as const,
    [15, 15_000, 1] as const,
  ]) {
    const answer = unavailable(`Retry-After: ${seconds}\r\n`, new LiveBody("sorry"));
    const one = scene([answer, replied], CODES);
    const outcome = one.layer(one.service)(aCall({ timeoutMs }));
    await new Promise(setImmediate);
    await one.pass(seconds * 1000);
    assert.equal(codeOf(await outcome), attempts === 2 ? 200 : 503);
    assert.equal(one.attempts.length, attempts);
    if (attempts === 1) assert.equal((answer.body as LiveBody).abandoned, undefined);
    assert.equal(one.budget.read(0).taken, attempts - 1, "what is not tried is not taken from the budget");
  }
});

test("chance takes at most half of the time that is left, so that the attempt is made", async () => {
  for (const [minMs, left, attempts] of [
    [0, 40, 2] as const,
    [20, 40, 2] as const,
    [40, 40, 1] as const,
    [60, 40, 1] as const,
  ]) {
    const one = scene([none, replied], { ...RETRY, minMs, baseMs: 1000, capMs: 1000 }, { random: () => 1 });
    const outcome = one.layer(one.service)(aCall({ timeoutMs: left }));
    await new Promise(setImmediate);
    await one.pass(minMs + (left - minMs) / 2 - 1);
    assert.equal(one.attempts.length, 1);
    await one.pass(1);
    assert.equal(codeOf(await outcome), attempts === 2 ? 200 : "no-instance");
    assert.equal(one.attempts.length, attempts);
  }
});

test("a Retry-After that is none, or shorter than our own wait, changes nothing", async () => {
  for (const value of ["soon", "0"]) {
    const answer = unavailable(`Retry-After: ${value}\r\n`);
    const { pass, layer, service } = scene([answer, replied], CODES, { random: () => 1 });
    const outcome = layer(service)(aCall());
    await new Promise(setImmediate);
    await pass(24);
    assert.equal(await isPending(outcome), true);
    await pass(1);
    assert.equal(codeOf(await outcome), 200);
  }
});

test("an attempt whose own time is used up is tried again; a call whose time is used up is not", async () => {
  const { sweep, pass, layer, attempts } = scene([], { ...CODES, attempts: 5 });
  const service: Service = (call) => {
    attempts.push(call.attempt);
    return slow(call);
  };
  const outcome = stack(deadline(sweep), layer, attemptDeadline(100, sweep))(service)(
    aCall({ timeoutMs: 250 }),
  );
  for (let i = 0; i < 25; i++) await pass(10);
  assert.equal(codeOf(await outcome), "deadline");
  assert.deepEqual(attempts, [1, 2, 3]);
  assert.equal(sweep.size, 0);
});

test("a caller that leaves between two attempts ends the wait at once", async () => {
  const { sweep, layer, service, attempts } = scene([none], RETRY, { random: () => 1 });
  const call = aCall();
  const outcome = layer(service)(call);
  await new Promise(setImmediate);
  call.cancel("cancelled");
  assert.equal(codeOf(await outcome), "cancelled");
  assert.equal(attempts.length, 1);
  assert.equal(sweep.size, 0);
});

test("a call that ended during an attempt does not wait, and takes nothing from the budget", async () => {
  for (const [outcome, code] of [
    [none, "deadline"] as const,
    [unavailable(), 503] as const,
    [reset, "app-reset"] as const,
  ]) {
    const { sweep, layer, budget } = scene([], CODES);
    const call = aCall();
    const ended = layer(async () => {
      call.instance = "o1";
      call.cancel("deadline");
      return outcome;
    })(call);
    assert.equal(codeOf(await ended), code);
    assert.equal(budget.read(0).taken, 0);
    assert.equal(sweep.size, 0);
  }
});

test("each attempt before the last is noted with its own time, without the waits", async () => {
  const { pass, layer, service } = scene([none, unavailable(), replied], CODES, { random: () => 1 });
  const call = aCall();
  await pass(500);
  call.waitedMs = 500;
  const outcome = layer(async (tried) => {
    if (tried.attempt < 3) await pass(10);
    return service(tried);
  })(call);
  for (let i = 0; i < 3; i++) await new Promise(setImmediate);
  for (let i = 0; i < 6; i++) await pass(25);
  await outcome;
  assert.deepEqual(
    call.earlier?.map(({ instance, code, status }) => [instance, code, status]),
    [
      ["o1", "no-instance", 503],
      ["o2", "", 503],
    ],
  );
  assert.equal(call.earlier![0]!.ms, 10);
  assert.equal(call.waitedMs, 600);
});
