import assert from "node:assert/strict";
import { test } from "node:test";
import { deadline } from "../../../sidecar/policy/deadline.ts";
import { ConcurrencyLimit } from "../../../sidecar/policy/limit-concurrency.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import type { Outcome } from "../../../sidecar/stack/outcome.ts";
import { stack } from "../../../sidecar/stack/stack.ts";
import { LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { oneOf, seeded } from "../../support/random.ts";
import { App } from "./limit-scene.ts";
import { codeOf, replied, time } from "./scene.ts";

/** One run of arrivals, answers, streams, callers that leave and time that passes, as chance wants it. */
async function run(seed: number): Promise<void> {
  const random = seeded(seed);
  const { sweep, pass } = time();
  const most = 1 + Math.floor(random() * 6);
  const queueCalls = Math.floor(random() * 4);
  const app = new App();
  const limit = new ConcurrencyLimit({ sweep, random });
  const priority = { urgencyOf: (call: Call) => Number(call.path.slice(1)), shedBelow: 6 };
  limit.configure({
    ...{ limit: most, queueCalls, queueWaitMs: 50 },
    priority: random() < 0.5 ? priority : undefined,
  });
  let told = true;
  limit.onRoom((hasRoom) => {
    assert.notEqual(hasRoom, told, "it is told at changes only");
    told = hasRoom;
  });
  const serve = stack(deadline(sweep), limit.layer)(app.service);
  const calls: Call[] = [];
  const outcomes: Outcome[] = [];
  let streams: LiveBody[] = [];
  const endStream = (body: LiveBody | undefined) => {
    if (body?.sink === undefined) return;
    streams = streams.filter((other) => other !== body);
    body.sink.end("");
  };

  const steps = {
    arrive: () => {
      const timeoutMs = random() < 0.3 ? 30 : 15_000;
      const call = aCall({ path: `/${Math.floor(random() * 8)}`, timeoutMs }, sweep.now());
      calls.push(call);
      void serve(call).then((outcome) => {
        outcomes.push(outcome);
        if (outcome.kind !== "replied" || outcome.body.complete) return;
        if (random() < 0.2) outcome.body.abandon("cancelled");
        else outcome.body.read({ write: () => true, end: () => {}, fail: () => {} });
      });
    },
    answer: () => app.answer(Math.floor(random() * app.running)),
    stream: () => {
      if (app.running === 0) return;
      const body = new LiveBody("part");
      streams.push(body);
      app.answer(Math.floor(random() * app.running), { ...replied, body });
    },
    endStream: () => endStream(oneOf(random, [...streams, undefined])),
    leave: () => oneOf(random, [...calls, undefined])?.cancel("cancelled"),
    wait: () => pass(random() * 20),
  };
  const names = [
    "arrive",
    "arrive",
    "arrive",
    "answer",
    "answer",
    "stream",
    "endStream",
    "leave",
    "wait",
  ] as const;
  for (let i = 0; i < 150; i++) {
    await steps[oneOf(random, names)]();
    if (random() < 0.7) await new Promise(setImmediate);
    streams = streams.filter(({ abandoned }) => abandoned === undefined);
    const busy = app.running + streams.length;
    assert.ok(busy <= most, `seed ${seed}: ${busy} calls at the app, whose limit is ${most}`);
    assert.ok(limit.counts.waiting <= queueCalls, `seed ${seed}: the queue is too long`);
    assert.equal(limit.hasRoom, told);
  }
  while (outcomes.length < calls.length || streams.length > 0) {
    for (const body of streams) endStream(body);
    streams = streams.filter(({ abandoned }) => abandoned === undefined);
    while (app.running > 0) app.answer(0);
    await pass(20);
  }
  assert.deepEqual([limit.counts.running, limit.counts.waiting, limit.hasRoom], [0, 0, true], `seed ${seed}`);
  assert.equal(sweep.size, 0);
  for (const outcome of outcomes)
    assert.ok(
      [200, "overloaded", "cancelled", "deadline"].includes(codeOf(outcome)),
      String(codeOf(outcome)),
    );
}

test("whatever comes when: the app sees no more than its limit, each call has one end, no place is lost", async () => {
  for (let seed = 1; seed <= 150; seed++) await run(seed);
});
