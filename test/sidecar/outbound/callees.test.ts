import assert from "node:assert/strict";
import { test } from "node:test";
import { balance } from "../../../sidecar/balance/balance.ts";
import { Callees } from "../../../sidecar/outbound/callees.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import { marksOf } from "../../../sidecar/stack/marks.ts";
import { Sweep } from "../../../sidecar/stack/sweep.ts";
import type { InstanceRow } from "../../../src/registry/wire.ts";
import { aCall } from "../../support/calls.ts";
import { answer, rows } from "../balance/scene.ts";
import { aPolicy } from "./scene.ts";

/** A caller of `orders` whose instances are as the table says. */
function scene(spec: object = {}) {
  let now = 0;
  const table: Record<string, readonly InstanceRow[]> = { orders: rows(3) };
  const told: string[] = [];
  const policy = aPolicy(spec);
  const callees = new Callees({
    caller: "shop",
    policies: {
      get: (service) => ({ service, revision: 1, routes: [], ...(service === "orders" ? { policy } : {}) }),
      whenKnown: async () => {},
      onChange: () => () => {},
    },
    instances: (service) => table[service] ?? [],
    allInstances: () => table,
    balancerParts: { zone: undefined, random: () => 0, hash: () => 0, retryAfterMs: () => undefined },
    ejected: (service, instance, reason) => told.push(`${service} ${instance} ${reason}`),
    sweep: new Sweep(() => now),
  });
  /** Calls that fail at one instance. */
  const fail = (instance: string, times: number) => {
    const endpoint = callees.balancerFor("orders").endpoint(instance)!;
    for (let i = 0; i < times; i++) endpoint.ended(answer(500), 1, now, endpoint.began(now));
  };
  const pass = (ms: number) => {
    now += ms;
  };
  const view = () => callees.views().find(({ service }) => service === "orders")!;
  return { callees, table, told, fail, pass, view };
}

test("ejections are counted by reason, told to others, and named while they last", () => {
  const { callees, told, fail, pass, view } = scene();
  assert.deepEqual(callees.ejected(), []);
  fail("a", 7);
  assert.deepEqual(told, ["orders a consecutive-failures"]);
  assert.deepEqual(callees.ejected(), ["orders.a"]);
  const [a] = view().endpoints;
  assert.deepEqual([a!.state, a!.ejectedForMs, a!.ejections], ["ejected", 1000, 1]);
  pass(1000);
  assert.deepEqual(callees.ejected(), [], "the next call is the probe, and nobody makes one");
  fail("a", 1);
  assert.deepEqual(callees.ejected(), ["orders.a"]);
  assert.deepEqual(view().ejections, { "consecutive-failures": 1, "probe-failed": 1 });
});

test("an instance that is being tried is still named, and one that answered is not", () => {
  const { callees, fail, pass } = scene();
  fail("b", 7);
  pass(1000);
  const endpoint = callees.balancerFor("orders").endpoint("b")!;
  const isProbe = endpoint.began(1000);
  assert.deepEqual([isProbe, callees.ejected()], [true, ["orders.b"]]);
  endpoint.ended(answer(200), 1, 1000, isProbe);
  assert.deepEqual(callees.ejected(), []);
});

test("an instance that is gone is neither named nor shown, though nobody has called since", () => {
  const { callees, table, fail, view } = scene();
  fail("a", 7);
  table.orders = rows(3).slice(1);
  assert.deepEqual(
    view().endpoints.map(({ instance }) => instance),
    ["b", "c"],
  );
  assert.deepEqual(callees.ejected(), []);
  table.orders = [];
  assert.deepEqual([view().endpoints, view().isKnown], [[], true]);
});

test("a service that is given up as a whole is counted under its own reason, and its breaker is shown", () => {
  const { callees, told, pass, view } = scene({ breaker: { service: { consecutiveFailures: 2 } } });
  const guard = callees.of("orders").guard!;
  guard.ended("failure", 0, guard.began(0));
  assert.deepEqual(view().breaker, { state: "admitting" });
  guard.ended("failure", 0, guard.began(0));
  assert.deepEqual(told, ["orders  consecutive-failures"]);
  assert.deepEqual(view().ejections, { service: 1 });
  assert.deepEqual(view().breaker, { state: "ejected", ejectedForMs: 1000 });
  assert.deepEqual(callees.ejected(), [], "it is no instance");
  assert.deepEqual(callees.ejectedServices(), ["orders"]);
  pass(1000);
  assert.deepEqual(callees.ejectedServices(), [], "the next call is the probe, and nobody makes one");
});

test("what policy does not ask for is not shown, and what was held is", () => {
  const plain = scene();
  plain.callees.of("orders");
  const { breaker, parked, budget, retries, hedges, isKnown } = plain.view();
  assert.deepEqual([breaker, parked], [undefined, undefined]);
  assert.deepEqual([budget.left, retries, hedges, isKnown], [10, 0, { begun: 0, won: 0 }, true]);
  const parking = scene({ park: { maxWait: "5s" } });
  parking.callees.of("orders");
  assert.deepEqual(parking.view().parked, { held: 0, parked: 0, expired: 0, full: 0 });
});

test("a call that fails at an instance that is left out now is marked", async () => {
  const { callees, fail } = scene();
  const send = balance(callees.balancerFor, () => 0)(async () => answer(500));
  const failing = async (): Promise<Call> => {
    const call = aCall();
    await send(call);
    return call;
  };
  assert.equal(marksOf((await failing()).marks), "");
  for (const instance of ["a", "b", "c"]) fail(instance, 5);
  for (let i = 0; i < 10; i++) await failing();
  assert.equal(marksOf((await failing()).marks), "ejected");
});
