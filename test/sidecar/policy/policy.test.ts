import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldValue } from "../../../sidecar/http/header-block.ts";
import { deadline } from "../../../sidecar/policy/deadline.ts";
import { limitPending } from "../../../sidecar/policy/limit-pending.ts";
import { RETRY, retry } from "../../../sidecar/policy/retry.ts";
import { RETRY_BUDGET, RetryBudget } from "../../../sidecar/policy/retry-budget.ts";
import { type BrokerWatch, waitForBroker } from "../../../sidecar/policy/wait-for-broker.ts";
import type { Call, Layer, Service } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome } from "../../../sidecar/stack/outcome.ts";
import type { Sweep } from "../../../sidecar/stack/sweep.ts";
import { LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { codeOf, replied, slow, time } from "./scene.ts";

/** As every call has it where no policy says anything. */
const retryUndelivered = ({ random }: { readonly random: () => number }, sweep: Sweep): Layer =>
  retry(RETRY, {
    ...{ sweep, budget: new RetryBudget(RETRY_BUDGET), field: fieldValue },
    ...{ random, unixMs: () => 0, hasOther: () => true, isLesser: () => false, retried: () => {} },
  });

/** Gives these outcomes in turn, and keeps the attempt numbers that it saw. */
const scripted = (...outcomes: Outcome[]) => {
  const attempts: number[] = [];
  const service: Service = async (call) => {
    attempts.push(call.attempt);
    return outcomes.shift()!;
  };
  return { attempts, service };
};

test("a deadline ends the call when its time is used up, and leaves nothing behind when it is not", async () => {
  const { sweep, pass } = time();
  const late = deadline(sweep)(slow)(aCall({ timeoutMs: 1000 }));
  await pass(999);
  assert.equal(await Promise.race([late, "waiting"]), "waiting");
  await pass(1);
  assert.equal(codeOf(await late), "deadline");
  await deadline(sweep)(async () => replied)(aCall());
  assert.equal(sweep.size, 0);
});

test("without a limit a call takes what it takes", async () => {
  const { sweep } = time();
  void deadline(sweep)(slow)(aCall({ timeoutMs: Number.POSITIVE_INFINITY }));
  assert.equal(sweep.size, 0);
});

test("the clock of an upload starts when it has ended", async () => {
  const { sweep, pass } = time();
  const call = aCall({ timeoutMs: 1000, body: new LiveBody("part") });
  const outcome = deadline(sweep)(slow)(call);
  await pass(5000);
  assert.equal(call.cancelled, undefined);
  call.onRequestEnded?.();
  await pass(1000);
  assert.equal(codeOf(await outcome), "deadline");
});

test("the clock of a wish to change protocols starts at once", async () => {
  const { sweep, pass } = time();
  const outcome = deadline(sweep)(slow)(
    aCall({ timeoutMs: 1000, upgrade: "websocket", body: new LiveBody("", "none") }),
  );
  await pass(1000);
  assert.equal(codeOf(await outcome), "deadline");
});

test("more calls than the limit are refused while the others wait, and taken again after", async () => {
  const calls: Call[] = [];
  const service = limitPending(2)((call) => {
    calls.push(call);
    return slow(call);
  });
  const waiting = [service(aCall()), service(aCall())];
  assert.equal(codeOf(await service(aCall())), "overflow");
  calls[0]!.cancel("cancelled");
  await waiting[0];
  void service(aCall());
  assert.equal(calls.length, 3);
});

test("all services behind one limit share its places", async () => {
  const limit = limitPending(2);
  const [orders, pay] = [limit(slow), limit(slow)];
  const calls = [aCall(), aCall({ callee: "pay" })];
  const first = orders(calls[0]!);
  void pay(calls[1]!);
  assert.equal(codeOf(await orders(aCall())), "overflow");
  assert.equal(codeOf(await pay(aCall())), "overflow");
  calls[0]!.cancel("cancelled");
  await first;
  assert.equal(codeOf(await limit(async () => replied)(aCall())), 200);
});

test("a bug behind the limit does not take a place for ever", async () => {
  let bug = true;
  const service = limitPending(1)(async () => {
    if (bug) throw new Error("bug");
    return replied;
  });
  await assert.rejects(service(aCall()), /bug/);
  bug = false;
  assert.equal(codeOf(await service(aCall())), 200);
});

test("what no app has seen is tried again, twice, whatever the method, and each attempt is numbered", async () => {
  const { sweep, pass } = time();
  const none = failed("no-instance", "no", "none");
  const { attempts, service } = scripted(none, failed("app-unreachable", "no", "x"), replied);
  const outcome = retryUndelivered({ random: () => 1 }, sweep)(service)(aCall({ method: "POST" }));
  await new Promise(setImmediate);
  await pass(25);
  await pass(75);
  assert.equal(codeOf(await outcome), 200);
  assert.deepEqual(attempts, [1, 2, 3]);
});

test("the last failure is returned when the attempts are used up", async () => {
  const { sweep, pass } = time();
  const none = failed("no-instance", "no", "none");
  const { attempts, service } = scripted(none, none, none);
  const outcome = retryUndelivered({ random: () => 0 }, sweep)(service)(aCall());
  for (let i = 0; i < 3; i++) await pass(1);
  assert.equal(codeOf(await outcome), "no-instance");
  assert.equal(attempts.length, 3);
});

for (const outcome of [
  failed("app-reset", "unknown", "x"),
  failed("gone", "unknown", "x"),
  failed("denied", "no", "x"),
  failed("broker-away", "no", "x"),
  replied,
])
  test(`${codeOf(outcome)} is not tried again`, async () => {
    const { sweep } = time();
    const { attempts, service } = scripted(outcome);
    assert.equal(await retryUndelivered({ random: Math.random }, sweep)(service)(aCall()), outcome);
    assert.equal(attempts.length, 1);
  });

test("a request whose body has left is not tried again", async () => {
  const { sweep } = time();
  const { attempts, service } = scripted(failed("app-unreachable", "no", "x"));
  const call = aCall();
  call.spent = true;
  await retryUndelivered({ random: Math.random }, sweep)(service)(call);
  assert.equal(attempts.length, 1);
});

test("a caller that leaves between two attempts ends the wait at once", async () => {
  const { sweep } = time();
  const { service } = scripted(failed("no-instance", "no", "none"));
  const call = aCall();
  const outcome = retryUndelivered({ random: () => 1 }, sweep)(service)(call);
  await new Promise(setImmediate);
  call.cancel("cancelled");
  assert.equal(codeOf(await outcome), "cancelled");
  assert.equal(sweep.size, 0);
});

test("the time of an attempt is its own: what the call waited before and after is not in it", async () => {
  const { sweep, pass } = time();
  const call = aCall();
  const none = failed("no-instance", "no", "none");
  const { service } = scripted(none, replied);
  const outcome = retryUndelivered(
    { random: () => 1 },
    sweep,
  )(async (tried) => {
    if (tried.attempt === 1) await pass(10);
    return service(tried);
  })(call);
  await pass(0);
  await pass(0);
  await pass(25);
  await outcome;
  assert.deepEqual(call.earlier, [{ instance: "", code: "no-instance", status: 503, afterMs: 0, ms: 10 }]);
  assert.equal(call.waitedMs, 25);
});

test("a call that waited before its first attempt does not count that as the attempt's", async () => {
  const { sweep, pass } = time();
  const call = aCall();
  await pass(500);
  call.waitedMs = 500;
  const { service } = scripted(failed("draining", "no", "x"), replied);
  const outcome = retryUndelivered({ random: () => 0 }, sweep)(service)(call);
  await pass(0);
  await pass(0);
  await outcome;
  assert.deepEqual([call.earlier![0]!.afterMs, call.earlier![0]!.ms], [500, 0]);
});

test("a call that ends between two attempts has no instance, and one that ended before does not wait", async () => {
  const { sweep } = time();
  const none = failed("app-unreachable", "no", "none");
  const call = aCall();
  const outcome = retryUndelivered(
    { random: () => 1 },
    sweep,
  )(async () => {
    call.instance = "o1";
    call.cancel("deadline");
    return none;
  })(call);
  assert.equal(codeOf(await outcome), "deadline");
  assert.equal(call.instance, "");
  assert.equal(call.earlier![0]!.instance, "o1");
  assert.equal(sweep.size, 0);
});

const brokerWatch = () => {
  const listeners = new Set<(state: BrokerWatch["state"]) => void>();
  const watch = {
    state: { kind: "away" } as BrokerWatch["state"],
    onState: (listener: (state: BrokerWatch["state"]) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return {
    watch,
    listeners,
    back: () => {
      watch.state = { kind: "connected" };
      for (const listener of listeners) listener(watch.state);
    },
  };
};

test("a call waits for a broker that comes back in time, and fails with its code when it does not", async () => {
  const { sweep, pass } = time();
  const { watch, listeners, back } = brokerWatch();
  const service = waitForBroker(watch, 500, sweep)(async () => replied);
  const tooLong = service(aCall());
  await pass(500);
  assert.equal(codeOf(await tooLong), "broker-away");
  const inTime = service(aCall());
  await pass(499);
  back();
  assert.equal(codeOf(await inTime), 200);
  assert.deepEqual([sweep.size, listeners.size], [0, 0]);
});
