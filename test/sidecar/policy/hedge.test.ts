import assert from "node:assert/strict";
import { test } from "node:test";
import { wholeBody } from "../../../sidecar/stack/body.ts";
import { failed } from "../../../sidecar/stack/outcome.ts";
import { LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { none, scene } from "./hedge-scene.ts";
import { codeOf, isPending, replied } from "./scene.ts";

test("an answer in time is the only attempt, and leaves nothing behind", async () => {
  const { sweep, pass, attempts, told, run, budget } = scene();
  const call = aCall();
  const outcome = run(call);
  await pass(99);
  await attempts[0]!.answer();
  assert.equal(codeOf(await outcome), 200);
  await pass(1000);
  assert.deepEqual([attempts.length, sweep.size, told, budget.read(0).taken], [1, 0, [], 0]);
  assert.deepEqual([call.instance, call.attempt, call.begun, call.earlier], ["o1", 1, 1, undefined]);
});

test("a second attempt begins beside a slow first; its answer is taken, and the first is cancelled", async () => {
  const { sweep, pass, attempts, told, apart, run, budget } = scene();
  const call = aCall({ target: { kind: "version", version: "2" } });
  const outcome = run(call);
  await pass(100);
  assert.equal(attempts.length, 2);
  await pass(50);
  await attempts[1]!.answer();
  const answer = await outcome;
  assert.ok(answer.kind === "replied" && answer.instance === "o2");
  assert.equal(attempts[0]!.call.cancelled, "outrun");
  assert.equal(attempts[1]!.call.cancelled, undefined);
  assert.equal(call.cancelled, undefined);
  assert.deepEqual([call.instance, call.target], ["o2", { kind: "instance", instance: "o2" }]);
  assert.deepEqual([call.attempt, call.begun], [2, 2]);
  assert.deepEqual(call.earlier, [{ instance: "o1", code: "outrun", status: 499, afterMs: 0, ms: 150 }]);
  assert.equal(call.lastMs, 50);
  assert.deepEqual([told, apart, budget.read(0).taken, sweep.size], [["begun", "won"], [[2, 1]], 1, 0]);
});

test("a first that answers after all is taken, and the second is cancelled", async () => {
  const { pass, attempts, told, run } = scene();
  const call = aCall();
  const outcome = run(call);
  await pass(150);
  await attempts[0]!.answer();
  assert.equal(codeOf(await outcome), 200);
  assert.equal(attempts[1]!.call.cancelled, "cancelled");
  assert.deepEqual([call.instance, call.attempt, told], ["o1", 2, ["begun"]]);
  assert.deepEqual(call.earlier, [{ instance: "o2", code: "cancelled", status: 499, afterMs: 150, ms: 0 }]);
});

test("each attempt is the call as it was aimed, with its number and what is left of the time", async () => {
  const { pass, attempts, run, sweep } = scene();
  const call = aCall({ target: { kind: "version", version: "2" }, timeoutMs: 1000 });
  const targets: unknown[] = [];
  const original = call.target;
  call.path = "/rewritten";
  call.callee = "orders-next";
  call.traceparent = "00-1-2-01";
  call.onInterim = () => undefined;
  void run(call);
  await pass(100);
  for (const { call: branch } of attempts) {
    targets.push(branch.head.target);
    assert.deepEqual(
      [branch.path, branch.callee, branch.traceparent],
      ["/rewritten", "orders-next", "00-1-2-01"],
    );
    assert.equal(branch.remainingMs(sweep.now()), 900);
  }
  assert.deepEqual(call.target, original, "it is turned to an instance only once that has won");
  assert.deepEqual(
    attempts.map(({ call: branch }) => [branch.attempt, branch.onInterim !== undefined]),
    [
      [1, true],
      [2, false],
    ],
  );
});

test("only what is safe to repeat and is here in full is hedged", async () => {
  for (const [head, attempts] of [
    [{ method: "POST" }, 1] as const,
    [{ method: "POST", headers: "Idempotency-Key: 1\r\n" }, 2] as const,
    [{ method: "PUT", body: wholeBody(Buffer.alloc(65_536)) }, 2] as const,
    [{ method: "PUT", body: wholeBody(Buffer.alloc(65_537)) }, 1] as const,
    [{ method: "PUT", body: new LiveBody("part") }, 1] as const,
    [{ upgrade: "websocket" }, 1] as const,
    [{ timeoutMs: 100 }, 1] as const,
  ]) {
    const one = scene();
    void one.run(aCall(head));
    await one.pass(100);
    assert.equal(one.attempts.length, attempts, JSON.stringify(head).slice(0, 60));
  }
});

test("a failure is no answer while another attempt may still have one", async () => {
  for (const first of [{ ...replied, status: 503 }, none, failed("app-reset", "unknown", "x")]) {
    const { pass, attempts, run } = scene();
    const outcome = run(aCall());
    await pass(100);
    await attempts[1]!.end(first);
    assert.equal(await isPending(outcome), true);
    await pass(100);
    await attempts[0]!.answer();
    assert.equal(codeOf(await outcome), 200);
  }
});

test("a failure before the second attempt begins is the outcome: trying again is another layer's", async () => {
  const { sweep, pass, attempts, run } = scene();
  const outcome = run(aCall());
  await pass(50);
  await attempts[0]!.answer(503);
  assert.equal(codeOf(await outcome), 503);
  await pass(50);
  assert.deepEqual([attempts.length, sweep.size], [1, 0]);
});

test("when all fail, an app's answer is better than none, and an unsure failure more honest than a sure one", async () => {
  const unsure = failed("app-reset", "unknown", "x");
  const unavailable = { ...replied, status: 503 };
  for (const [first, second, expected] of [
    [unavailable, none, unavailable] as const,
    [none, unavailable, unavailable] as const,
    [unsure, none, unsure] as const,
    [none, unsure, unsure] as const,
    [none, { ...none, message: "last" }, { ...none, message: "last" }] as const,
  ]) {
    const { pass, attempts, run } = scene();
    const outcome = run(aCall());
    await pass(100);
    await attempts[0]!.end(first);
    await attempts[1]!.end(second);
    assert.deepEqual(await outcome, expected);
  }
});

test("further attempts begin one delay apart, as many as policy says", async () => {
  const { pass, attempts, run, apart } = scene({ attempts: 3 });
  const call = aCall();
  const outcome = run(call);
  for (let i = 0; i < 50; i++) await pass(10);
  assert.equal(attempts.length, 4);
  assert.deepEqual(apart, [
    [2, 1],
    [3, 1],
    [3, 2],
    [4, 1],
    [4, 2],
    [4, 3],
  ]);
  await attempts[2]!.answer();
  await outcome;
  assert.deepEqual(
    call.earlier?.map(({ instance, ms }) => [instance, ms]),
    [
      ["o1", 500],
      ["o2", 400],
      ["o4", 200],
    ],
  );
  assert.equal(call.attempt, 4);
});

test("only who began before the winner was outrun, and only by an answer", async () => {
  const three = scene({ attempts: 2 });
  const outcome = three.run(aCall());
  for (let i = 0; i < 20; i++) await three.pass(10);
  await three.attempts[1]!.answer();
  await outcome;
  assert.deepEqual(
    three.attempts.map(({ call: { cancelled } }) => cancelled),
    ["outrun", undefined, "cancelled"],
  );
  const left = scene();
  const call = aCall();
  const ended = left.run(call);
  await left.pass(100);
  call.cancel("cancelled");
  await ended;
  assert.deepEqual(
    left.attempts.map(({ call: { cancelled } }) => cancelled),
    ["cancelled", "cancelled"],
    "a caller that leaves says nothing of either",
  );
});

test("the story of a call names whom a loser was addressed to, though nobody confirmed it", async () => {
  const { pass, attempts, run } = scene();
  const call = aCall();
  const outcome = run(call);
  attempts[0]!.call.instance = "";
  await pass(100);
  await attempts[1]!.answer();
  await outcome;
  assert.deepEqual(call.earlier, [{ instance: "o1", code: "outrun", status: 499, afterMs: 0, ms: 100 }]);
});
