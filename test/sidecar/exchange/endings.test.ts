import assert from "node:assert/strict";
import { test } from "node:test";
import { type Body, NO_BODY } from "../../../sidecar/stack/body.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import type { Outcome, Replied } from "../../../sidecar/stack/outcome.ts";
import type { Subject } from "../../../src/subjects/subjects.ts";
import { exchangePair } from "../../support/exchange-pair.ts";
import { until } from "../../support/until.ts";

const reply = (body: Body, more: Partial<Replied> = {}): Replied => ({
  ...{ kind: "replied", status: 200, reason: "OK", headers: "", body, instance: "" },
  ...more,
});

const codeOf = (outcome: Outcome) =>
  outcome.kind === "failed" ? [outcome.code, outcome.delivered] : [outcome.kind];

test("losing the broker ends every call at once on both ends, and none is answered twice", async (t) => {
  const served: Call[] = [];
  const pair = exchangePair(t, (seen) => {
    served.push(seen);
    return new Promise(() => {});
  });
  const outcome = pair.exchanges.send(pair.call());
  await until(() => served.length === 1);
  pair.broker.setAway(true);
  assert.deepEqual(codeOf(await outcome), ["broker-lost", "unknown"]);
  assert.equal(served[0]!.cancelled, "broker-lost");
  const during = await pair.exchanges.send(pair.call());
  assert.deepEqual(codeOf(during), ["broker-away", "no"]);
  pair.broker.setAway(false);
  const after = pair.exchanges.send(pair.call());
  await until(() => served.length === 2);
  served[1]!.cancel("cancelled");
  assert.ok(after instanceof Promise);
});

test("a call that nobody confirms is lost after five seconds, one that is confirmed may take its time", async (t) => {
  const served: Call[] = [];
  const pair = exchangePair(t, (seen) => {
    served.push(seen);
    return new Promise(() => {});
  });
  const confirmed = pair.exchanges.send(pair.call());
  await until(() => served.length === 1);
  pair.pass(60);
  await pair.callerBus.flush();
  pair.servings.leave();
  pair.broker.connect().subscribe("mesh.orders.any.*" as Subject, "orders", () => {});
  const unheard = pair.exchanges.send(pair.call());
  await pair.callerBus.flush();
  pair.pass(5001);
  assert.equal(codeOf(await unheard)[0], "lost");
  assert.equal(await Promise.race([confirmed, Promise.resolve("waiting")]), "waiting");
});

test("an instance that is declared gone fails the calls that it has confirmed", async (t) => {
  const pair = exchangePair(t, () => new Promise(() => {}));
  const outcome = pair.exchanges.send(pair.call());
  await until(() => pair.servings.size === 1);
  pair.pass(60);
  await pair.callerBus.flush();
  pair.exchanges.instanceGone("orders", "o1");
  assert.equal(codeOf(await outcome)[0], "gone");
});

test("while it drains, an instance ends what it has and refuses what comes", async (t) => {
  let finish = () => {};
  const pair = exchangePair(
    t,
    () =>
      new Promise((resolve) => {
        finish = () => resolve(reply(NO_BODY));
      }),
  );
  const target = { kind: "instance", instance: "o1" } as const;
  const first = pair.exchanges.send(pair.call());
  await until(() => pair.servings.size === 1);
  const drained = pair.servings.drain();
  const elsewhere = await pair.exchanges.send(pair.call());
  assert.equal(codeOf(elsewhere)[0], "no-instance");
  const direct = await pair.exchanges.send(pair.call({ target }));
  assert.equal(codeOf(direct)[0], "draining");
  finish();
  await drained;
  assert.equal((await first).kind, "replied");
});
