import assert from "node:assert/strict";
import { test } from "node:test";
import type { Call } from "../../../sidecar/stack/call.ts";
import { Collected, LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { scene, settings } from "./limit-scene.ts";
import { codeOf, isPending, replied } from "./scene.ts";

test("a call that finds all places taken waits for one, and the app sees no more than its limit", async () => {
  const { app, serve, pass, limit } = scene();
  const outcomes = [serve(aCall()), serve(aCall()), serve(aCall())];
  assert.deepEqual([app.running, limit.counts.waiting], [2, 1]);
  await pass(99);
  app.answer(0);
  await pass(0);
  assert.equal(app.running, 2);
  app.answer(0);
  app.answer(0);
  assert.deepEqual((await Promise.all(outcomes)).map(codeOf), [200, 200, 200]);
  assert.deepEqual(limit.counts, { running: 0, waiting: 0, queued: 1, overloaded: 0, shed: 0 });
});

test("what does not fit into the queue is refused at once, and what waits too long after its time", async () => {
  const { serve, pass, limit, sweep } = scene();
  void serve(aCall());
  void serve(aCall());
  const waiting = serve(aCall());
  const refusal = await serve(aCall());
  assert.equal(codeOf(refusal), "overloaded");
  assert.equal(refusal.kind === "refused" && refusal.retryAfterMs, 1000);
  await pass(99);
  assert.equal(await isPending(waiting), true);
  await pass(1);
  assert.equal(codeOf(await waiting), "overloaded");
  assert.deepEqual([limit.counts.overloaded, limit.counts.waiting, sweep.size], [2, 0, 0]);
});

test("the queue holds a quarter of the limit when nothing else is said, and of a small one as many as it has, up to four", async () => {
  for (const [limit, most] of [
    [1, 1],
    [2, 2],
    [4, 4],
    [12, 4],
    [40, 10],
  ] as const) {
    const { serve, limit: kept } = scene({ limit, queueCalls: undefined });
    for (let i = 0; i < limit + most + 2; i++) void serve(aCall());
    assert.deepEqual([kept.counts.running, kept.counts.waiting], [limit, most]);
  }
});

test("without a queue nobody waits", async () => {
  const { serve } = scene({ limit: 1, queueCalls: 0 });
  void serve(aCall());
  assert.equal(codeOf(await serve(aCall())), "overloaded");
});

test("a call whose time is over gets no place, though nobody has told it yet", async () => {
  const { serve, app, pass } = scene({ queueCalls: 2 });
  void serve(aCall());
  void serve(aCall());
  const late = aCall({ path: "/late", timeoutMs: 50 });
  const outcome = serve(late);
  const next = serve(aCall({ path: "/next" }));
  await pass(60);
  app.answer(0);
  await pass(0);
  assert.equal(app.paths.at(-1), "/next");
  late.cancel("deadline");
  assert.equal(codeOf(await outcome), "deadline");
  app.answer(1);
  assert.equal(codeOf(await next), 200);
});

test("a caller that leaves, or whose time is over, leaves the queue at once", async () => {
  const { serve, app, limit, sweep } = scene();
  void serve(aCall());
  void serve(aCall());
  for (const code of ["cancelled", "deadline"] as const) {
    const call = aCall();
    const waiting = serve(call);
    call.cancel(code);
    assert.equal(codeOf(await waiting), code);
  }
  assert.deepEqual([limit.counts.waiting, sweep.size, app.seen], [0, 0, 2]);
});

test("a call that is cancelled in the moment in which it gets a place does not keep the place", async () => {
  const { serve, app, limit } = scene();
  void serve(aCall());
  void serve(aCall());
  const call = aCall();
  const waiting = serve(call);
  app.answer(0);
  await Promise.resolve();
  call.cancel("cancelled");
  assert.equal(codeOf(await waiting), "cancelled");
  app.answer(0);
  await new Promise(setImmediate);
  assert.deepEqual([limit.counts.running, app.running], [0, 0]);
});

test("a place that becomes free when a wait is over goes to the next one", async () => {
  const { serve, app, pass, sweep } = scene({ queueCalls: 2 });
  const body = new LiveBody();
  const streamed = serve(aCall());
  app.answer(0, { ...replied, body });
  const outcome = await streamed;
  assert.ok(outcome.kind === "replied");
  outcome.body.read(new Collected());
  void serve(aCall());
  // Before the wait in the same tick.
  sweep.add({ sweepSlot: -1, dueAt: 100, due: () => body.sink!.end("") });
  const late = serve(aCall());
  await pass(50);
  const next = serve(aCall({ path: "/next" }));
  await pass(50);
  assert.equal(codeOf(await late), "overloaded");
  assert.equal(app.paths.at(-1), "/next");
  assert.equal(await isPending(next), true);
});

test("a place is free when the body of the answer has ended, and not before", async () => {
  const ends: ((body: LiveBody) => void)[] = [
    (body) => body.sink!.end(""),
    (body) => body.sink!.fail("gone"),
  ];
  for (const end of ends) {
    const { serve, app, limit } = scene();
    const body = new LiveBody("part");
    const answer = serve(aCall());
    app.answer(0, { ...replied, body });
    const outcome = await answer;
    assert.ok(outcome.kind === "replied" && outcome.body.first.equals(body.first));
    const reader = new Collected();
    outcome.body.read(reader);
    body.sink!.write(Buffer.from("more"));
    assert.deepEqual([reader.text, limit.counts.running], ["more", 1]);
    end(body);
    assert.equal(limit.counts.running, 0);
    outcome.body.abandon("cancelled");
    assert.equal(limit.counts.running, 0, "an end after the end frees nothing");
  }
});

test("an answer that nobody wants to read to its end frees its place", async () => {
  const { serve, app, limit } = scene();
  const body = new LiveBody("part");
  const answer = serve(aCall());
  app.answer(0, { ...replied, body });
  const outcome = await answer;
  assert.ok(outcome.kind === "replied");
  outcome.body.abandon("cancelled");
  assert.deepEqual([body.abandoned, limit.counts.running], ["cancelled", 0]);
});

test("a bug behind the limit does not take a place for ever", async () => {
  const { limit } = scene({ limit: 1 });
  const broken = limit.layer(async () => {
    throw new Error("bug");
  });
  await assert.rejects(broken(aCall()), /bug/);
  assert.equal(limit.counts.running, 0);
});

test("there is no room from the limit on, and room again at four fifths of it", async () => {
  const { serve, app, told, pass } = scene({ limit: 10, queueCalls: 2 });
  for (let i = 0; i < 9; i++) void serve(aCall());
  assert.deepEqual(told, []);
  for (let i = 0; i < 3; i++) void serve(aCall());
  assert.deepEqual(told, [false]);
  const answer = async (count: number) => {
    for (let i = 0; i < count; i++) app.answer(0);
    await new Promise(setImmediate);
  };
  await answer(3);
  assert.deepEqual(told, [false], "the two that waited have places now, and one is free");
  await answer(1);
  assert.deepEqual(told, [false, true]);
  for (let i = 0; i < 2; i++) void serve(aCall());
  await pass(19);
  void serve(aCall());
  assert.deepEqual(
    told,
    [false, true],
    "room lasts a moment, so that it does not come and go with each call",
  );
  await pass(1);
  void serve(aCall());
  assert.deepEqual(told, [false, true, false]);
});

test("an instance that takes one call at a time has room when it has none", async () => {
  const { serve, app, told, limit } = scene({ limit: 1 });
  void serve(aCall());
  app.answer(0);
  await new Promise(setImmediate);
  assert.deepEqual([told, limit.hasRoom], [[false, true], true]);
});

test("a new limit holds at once, and counts what ran before it came", async () => {
  const { serve, app, told, limit } = scene();
  limit.configure(undefined);
  for (let i = 0; i < 5; i++) void serve(aCall());
  limit.configure(settings({ limit: 3, queueCalls: 5 }));
  const waiting = [serve(aCall()), serve(aCall())];
  assert.deepEqual([app.running, told], [5, [false]]);
  for (let i = 0; i < 2; i++) app.answer(0);
  await new Promise(setImmediate);
  assert.equal(app.running, 3);
  assert.equal(await isPending(waiting[0]!), true);
  limit.configure(undefined);
  await new Promise(setImmediate);
  assert.deepEqual([app.running, told], [5, [false, true]]);
});

const urgencyOf = (call: Call) => Number(call.path.slice(1));
const byPath = (urgency: number) => aCall({ path: `/${urgency}` });

test("the more urgent goes first, and takes the place of a less urgent one in a full queue", async () => {
  const { serve, app, limit } = scene({
    ...{ limit: 1, queueCalls: 2, priority: { urgencyOf, shedBelow: 7 } },
  });
  void serve(byPath(3));
  const [low, mid] = [serve(byPath(6)), serve(byPath(4))];
  const high = serve(byPath(0));
  assert.equal(codeOf(await low), "overloaded");
  assert.equal(codeOf(await serve(byPath(4))), "overloaded", "equals do not push each other out");
  for (let i = 0; i < 3; i++) {
    app.answer(0);
    await new Promise(setImmediate);
  }
  assert.deepEqual(app.paths, ["/3", "/0", "/4"]);
  await Promise.all([mid, high]);
  assert.deepEqual([limit.counts.shed, limit.counts.overloaded], [1, 1]);
});

test("with priorities there is room until the queue has no place that the most urgent call could take", async () => {
  const { serve, app, told, pass } = scene({
    ...{ limit: 2, queueCalls: 2, priority: { urgencyOf, shedBelow: 5 } },
  });
  for (let i = 0; i < 2; i++) void serve(byPath(3));
  await pass(30);
  void serve(byPath(0));
  const lesser = serve(byPath(3));
  assert.equal(codeOf(await serve(byPath(3))), "overloaded");
  assert.equal(codeOf(await serve(byPath(6))), "overloaded");
  assert.deepEqual(told, [], "full, but an urgent one would take the place of one that waits");
  void serve(byPath(0));
  assert.equal(codeOf(await lesser), "overloaded");
  assert.deepEqual(told, [false]);
  app.answer(0);
  await pass(0);
  assert.deepEqual(told, [false, true], "the queue has a place");
});

test("with priorities and no queue there is no room from the limit on", async () => {
  const { serve, told } = scene({ queueCalls: 0, priority: { urgencyOf, shedBelow: 5 } });
  for (let i = 0; i < 2; i++) void serve(byPath(0));
  assert.deepEqual(told, [false]);
});

test("calls below the line are refused from four fifths of the limit on", async () => {
  const { serve, limit } = scene({ limit: 10, priority: { urgencyOf, shedBelow: 4 } });
  for (let i = 0; i < 8; i++) void serve(byPath(7));
  assert.equal(limit.counts.running, 8);
  assert.equal(codeOf(await serve(byPath(5))), "overloaded");
  void serve(byPath(4));
  assert.deepEqual([limit.counts.running, limit.counts.shed], [9, 1]);
  const one = scene({ limit: 1, priority: { urgencyOf, shedBelow: 4 } });
  void one.serve(byPath(7));
  assert.equal(
    one.limit.counts.running,
    1,
    "with a limit of 1 they still get through when nobody else is there",
  );
});

test("copies of calls leave a fifth of the limit to calls, and do not wait", async () => {
  const { serve, limit } = scene({ limit: 5 });
  const aCopy = () => {
    const copy = aCall();
    copy.mirrored = true;
    return copy;
  };
  for (let i = 0; i < 4; i++) void serve(aCopy());
  assert.equal(codeOf(await serve(aCopy())), "overloaded");
  void serve(aCall());
  assert.deepEqual([limit.counts.running, limit.counts.shed], [5, 1]);
});
