import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldValue } from "../../../sidecar/http/header-block.ts";
import { attemptDeadline } from "../../../sidecar/policy/attempt-deadline.ts";
import { deadline } from "../../../sidecar/policy/deadline.ts";
import { LatencyQuantile } from "../../../sidecar/policy/latency-quantile.ts";
import { RETRY, retry } from "../../../sidecar/policy/retry.ts";
import { RETRY_BUDGET, RetryBudget } from "../../../sidecar/policy/retry-budget.ts";
import { stack } from "../../../sidecar/stack/stack.ts";
import { LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { seeded } from "../../support/random.ts";
import { scene } from "./hedge-scene.ts";
import { codeOf, isPending } from "./scene.ts";

test("no answer leaks: whatever is not taken is abandoned, also when it comes after the end", async () => {
  const bodies = { early: new LiveBody("e"), taken: new LiveBody("t"), late: new LiveBody("l") };
  const { pass, attempts, run } = scene({ attempts: 2 });
  const outcome = run(aCall());
  await pass(100);
  await pass(100);
  assert.equal(attempts.length, 3);
  // This one answers although it is cancelled: the answer was on its way.
  attempts[2]!.call.onCancel = undefined;
  await attempts[0]!.answer(503, bodies.early);
  await attempts[1]!.answer(200, bodies.taken);
  const answer = await outcome;
  assert.ok(answer.kind === "replied" && answer.body === bodies.taken);
  await attempts[2]!.answer(200, bodies.late);
  assert.deepEqual(
    [bodies.early.abandoned, bodies.taken.abandoned, bodies.late.abandoned],
    ["cancelled", undefined, "cancelled"],
  );
});

test("without a budget there is no further attempt", async () => {
  const { pass, attempts, run, budget } = scene({}, new RetryBudget({ ...RETRY_BUDGET, minPerSecond: 0 }));
  const outcome = run(aCall());
  await pass(200);
  assert.deepEqual([attempts.length, budget.read(200).refused], [1, 1]);
  await attempts[0]!.answer();
  assert.equal(codeOf(await outcome), 200);
});

test("a call that ends takes all its attempts with it", async () => {
  for (const code of ["cancelled", "deadline"] as const) {
    const { sweep, pass, attempts, run } = scene();
    const call = aCall();
    const outcome = run(call);
    await pass(100);
    call.cancel(code);
    assert.equal(codeOf(await outcome), code);
    assert.deepEqual(
      attempts.map(({ call: { cancelled } }) => cancelled),
      [code, code],
    );
    assert.equal(sweep.size, 0);
  }
});

test("a call whose time is over tells of each attempt, and whose word its time was", async () => {
  const { sweep, pass, layer, service } = scene({ attempts: 2 });
  const call = aCall({ timeoutMs: 250 });
  call.limitedBy = "timeouts.request of its policy";
  const outcome = stack(deadline(sweep), layer)(service)(call);
  for (let i = 0; i < 5; i++) await pass(50);
  const ended = await outcome;
  assert.ok(ended.kind === "failed" && ended.code === "deadline");
  assert.equal(
    ended.message,
    "no answer within 250 ms (timeouts.request of its policy allows 250 ms): attempt 1 took 250 ms (instance o1: deadline), attempt 2 took 150 ms (instance o2: deadline), attempt 3 took 50 ms, and orders (instance o3) had it",
  );
  assert.deepEqual([call.instance, call.lastMs], ["o3", 50]);
});

test("a call that ends before the second attempt has none, and one that had ended begins no race", async () => {
  const { pass, attempts, run } = scene();
  const call = aCall();
  const outcome = run(call);
  await pass(50);
  call.cancel("cancelled");
  assert.equal(codeOf(await outcome), "cancelled");
  await pass(100);
  assert.equal(attempts.length, 1);
  const ended = aCall();
  ended.cancel("cancelled");
  void run(ended);
  assert.equal(attempts[1]!.call, ended);
});

test("a caller that leaves while the answer is coming ends the attempt that has it", async () => {
  const { pass, attempts, run } = scene();
  const call = aCall();
  const outcome = run(call);
  await pass(100);
  const left: string[] = [];
  const answered = attempts[1]!.answer(200, new LiveBody("first"));
  attempts[1]!.call.onCancel = (code) => left.push(code);
  await answered;
  await outcome;
  call.cancel("cancelled");
  assert.deepEqual(left, ["cancelled"]);
});

test("deadlines hold: each attempt has its own, and the call's ends them all", async () => {
  const { sweep, pass, attempts, layer, service } = scene();
  const whole = stack(deadline(sweep), layer, attemptDeadline(150, sweep))(service);
  const call = aCall({ timeoutMs: 400 });
  const outcome = whole(call);
  await pass(100);
  await pass(50);
  assert.equal(await isPending(outcome), true, "the first ran out of its time, the second has 100 ms left");
  await pass(100);
  assert.equal(codeOf(await outcome), "attempt-timeout");
  assert.equal(attempts.length, 2);
  const late = whole(aCall({ timeoutMs: 120 }, sweep.now()));
  await pass(100);
  await pass(20);
  assert.equal(codeOf(await late), "deadline");
  assert.equal(sweep.size, 0);
});

test("trying again sees the race as one attempt, and numbers go on from there", async () => {
  const { sweep, pass, attempts, layer, service, budget } = scene();
  const parts = {
    sweep,
    budget,
    field: fieldValue,
    random: () => 0,
    unixMs: () => 0,
    hasOther: () => true,
    isLesser: () => false,
    retried: () => {},
  };
  const call = aCall();
  const outcome = stack(retry({ ...RETRY, codes: new Set([503]) }, parts), layer)(service)(call);
  await pass(100);
  await attempts[0]!.answer(503);
  await attempts[1]!.answer(503);
  await pass(0);
  assert.deepEqual(
    attempts.map(({ call: { attempt } }) => attempt),
    [1, 2, 3],
  );
  assert.deepEqual(attempts[2]!.call.head.target, { kind: "any" });
  await attempts[2]!.answer();
  assert.equal(codeOf(await outcome), 200);
  assert.deepEqual(
    call.earlier?.map(({ instance, status, ms }) => [instance, status, ms]),
    [
      ["o1", 503, 100],
      ["o2", 503, 0],
    ],
  );
  assert.deepEqual([call.attempt, call.begun], [3, 3]);
});

test("a bug in one attempt ends the others", async () => {
  const { pass, attempts, layer, service } = scene();
  const outcome = layer(async (call) => {
    if (call.attempt === 2) throw new Error("bug");
    return service(call);
  })(aCall());
  const ended = assert.rejects(outcome, /bug/);
  await pass(100);
  await ended;
  assert.equal(attempts[0]!.call.cancelled, "internal");
});

test("the delay is learnt: nothing is hedged until enough is known, then what takes longer than usual", async () => {
  const learnt = new LatencyQuantile(95);
  const { pass, attempts, run } = scene(
    { delay: learnt },
    new RetryBudget({ ...RETRY_BUDGET, percent: 100 }),
  );
  const one = async (ms: number): Promise<void> => {
    const first = attempts.length;
    const outcome = run(aCall({}, 0));
    await pass(ms);
    await attempts[first]!.answer();
    await outcome;
  };
  for (let i = 0; i < 60; i++) await one(i % 2 === 0 ? 20 : 10);
  assert.equal(attempts.length, 60);
  const begun = attempts.length;
  await one(19);
  assert.equal(attempts.length, begun + 1);
  await one(40);
  assert.equal(attempts.length, begun + 3);
});

test("attempts that lost count as long ones, so that hedging does not make the usual look shorter and shorter", async () => {
  const { pass, attempts, told, run } = scene(
    { delay: new LatencyQuantile(90) },
    new RetryBudget({ ...RETRY_BUDGET, minPerSecond: 1000 }),
  );
  const random = seeded(3);
  for (let i = 0; i < 1000; i++) {
    const first = attempts.length;
    const outcome = run(aCall({ timeoutMs: Number.POSITIVE_INFINITY }));
    const takesMs = 10 + random() * 100;
    for (let ms = 0; ms < takesMs && attempts.length === first + 1; ms += 5) await pass(5);
    // A second attempt is answered at once.
    await attempts.at(-1)!.answer();
    await outcome;
  }
  const share = told.filter((what) => what === "begun").length / 1000;
  assert.ok(share > 0.05 && share < 0.15, `${share} were hedged, and a tenth was to be`);
});
