import assert from "node:assert/strict";
import { test } from "node:test";
import type { Call } from "../../../sidecar/stack/call.ts";
import { repliesTo } from "../../../src/subjects/reply.ts";
import { exchangePair } from "../../support/exchange-pair.ts";
import { until } from "../../support/until.ts";

/** A pair whose app never answers, with one call that its callee has confirmed. */
async function longCall(t: Parameters<typeof exchangePair>[0], timeoutMs: number) {
  const served: Call[] = [];
  const pair = exchangePair(t, (seen) => {
    served.push(seen);
    return new Promise(() => {});
  });
  void pair.exchanges.send(pair.call({ timeoutMs }));
  await until(() => served.length === 1);
  pair.pass(60);
  await pair.callerBus.flush();
  return { ...pair, served };
}

test("the calls of a caller that died without a word end within seconds, in the app too", async (t) => {
  const { pass, callerBus, calleeBus, servings, served } = await longCall(t, Number.POSITIVE_INFINITY);
  await callerBus.close();
  for (const ms of [2000, 1000]) {
    assert.equal(servings.size, 1);
    pass(ms);
    await calleeBus.flush();
  }
  await until(() => servings.size === 0);
  assert.equal(served[0]!.cancelled, "cancelled");
});

test("a caller that lives keeps its call, and one that was missing once as well", async (t) => {
  const { broker, pass, callerBus, calleeBus, servings } = await longCall(t, Number.POSITIVE_INFINITY);
  for (let i = 0; i < 10; i++) {
    pass(2000);
    await calleeBus.flush();
  }
  assert.equal(servings.size, 1);
  // As the servers of a cluster may see a connection that is replaced.
  await callerBus.close();
  pass(2000);
  await calleeBus.flush();
  const renewed = broker.connect();
  const subscription = renewed.subscribe(repliesTo("shop", "s1"), undefined, () => {});
  for (let i = 0; i < 4; i++) {
    pass(2000);
    await calleeBus.flush();
  }
  subscription.unsubscribe();
  pass(2000);
  await calleeBus.flush();
  assert.equal(servings.size, 1);
});

test("one question goes to each caller instance, whatever its calls, and none while all are answered soon", async (t) => {
  const { broker, pass, exchanges, calleeBus, callerBus, call } = await longCall(t, 15_000);
  for (let i = 0; i < 5; i++) void exchanges.send(call());
  await callerBus.flush();
  pass(60);
  const asked: string[] = [];
  broker.connect().subscribe(repliesTo("shop", "s1"), undefined, ({ subject }) => asked.push(subject));
  await calleeBus.flush();
  asked.length = 0;
  pass(1000);
  await calleeBus.flush();
  assert.deepEqual(asked, []);
  pass(3000);
  await calleeBus.flush();
  assert.deepEqual(asked, ["_R.shop.s1.orders.alive"]);
});

test("a call without a deadline that nobody moves ends with the idle limit; one with a deadline is that's", async (t) => {
  for (const [timeoutMs, left] of [
    [Number.POSITIVE_INFINITY, 0],
    [600_000, 1],
  ] as const) {
    const { pass, calleeBus, servings } = await longCall(t, timeoutMs);
    pass(61_000);
    await calleeBus.flush();
    assert.equal(servings.size, left);
  }
});
