import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "../../../sidecar/stack/outcome.ts";
import { LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { scene } from "./limit-scene.ts";
import { replied } from "./scene.ts";

test("with an adaptive limit the app begins with few, and gets more while it is quick", async () => {
  const { serve, app, limit, pass } = scene({
    ...{ limit: { min: 2, max: 20 }, queueCalls: 100, queueWaitMs: 10_000 },
  });
  for (let i = 0; i < 400; i++) {
    while (limit.counts.waiting < 30) void serve(aCall());
    assert.ok(app.running <= 20);
    await pass(10);
    for (let n = app.running; n > 0; n--) app.answer(0);
    await pass(0);
  }
  assert.equal(limit.limit, 20);
});

/** Calls to an app behind an adaptive limit from 1, each of which takes so long and then ends like this. */
const oneByOne = async ({ serve, app, pass }: ReturnType<typeof scene>, ms: number, outcome: Outcome) => {
  const ended = serve(aCall());
  await pass(ms);
  app.answer(0, outcome);
  await ended;
};

test("what the app is quick to fail tells nothing of how much it can do", async () => {
  const adaptive = scene({ limit: { min: 1, max: 9 }, queueCalls: 9, queueWaitMs: 10_000 });
  for (let i = 0; i < 100; i++) await oneByOne(adaptive, 10, { ...replied, status: 503 });
  assert.equal(adaptive.limit.limit, 1);
  for (let i = 0; i < 100; i++) await oneByOne(adaptive, 10, replied);
  assert.ok(adaptive.limit.limit > 1);
});

test("when the limit grows, those that wait go first", async () => {
  const adaptive = scene({ limit: { min: 1, max: 9 }, queueCalls: 9, queueWaitMs: 10_000 });
  const { serve, app, limit, pass } = adaptive;
  for (let i = 0; i < 19; i++) await oneByOne(adaptive, 10, replied);
  void serve(aCall());
  void serve(aCall({ path: "/waits" }));
  await pass(10);
  assert.deepEqual([limit.limit, app.running], [1, 1]);
  app.answer(0, { ...replied, body: new LiveBody() });
  await pass(0);
  assert.deepEqual([limit.limit, app.paths.at(-1), limit.counts.waiting], [2, "/waits", 0]);
});
