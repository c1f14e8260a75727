import assert from "node:assert/strict";
import { test } from "node:test";
import { deadline } from "../../../sidecar/policy/deadline.ts";
import { type Fault, injectFaults } from "../../../sidecar/policy/inject-faults.ts";
import type { Call, Service } from "../../../sidecar/stack/call.ts";
import type { CallEvent } from "../../../sidecar/stack/marks.ts";
import { statusOf } from "../../../sidecar/stack/outcome.ts";
import { stack } from "../../../sidecar/stack/stack.ts";
import { LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { seeded } from "../../support/random.ts";
import { codeOf, isPending, replied, time } from "./scene.ts";

const fault = (part: Partial<Fault>): Fault => ({
  ...{ concerns: undefined, delay: undefined, abort: undefined },
  ...part,
});
const always = { percent: 100, status: 503 };
const app: Service = async () => replied;
/** The draw that hits the most: from 0 to below 1. */
const highest = () => 1 - Number.EPSILON;

test("an abort answers in place of the service, with the status that policy says, and is marked", async () => {
  const { sweep } = time();
  const call = aCall({ body: new LiveBody("part") });
  const reached: Call[] = [];
  const service = injectFaults([fault({ abort: { percent: 100, status: 418 } })], highest, sweep);
  const outcome = await service(async (one) => {
    reached.push(one);
    return replied;
  })(call);
  assert.deepEqual([codeOf(outcome), statusOf(outcome), reached.length], ["fault", 418, 0]);
  assert.deepEqual([call.injected, (call.head.body as LiveBody).abandoned], ["abort", "fault"]);
});

test("a delay and an abort are told to a call whose span is recorded", async () => {
  const { sweep, pass } = time();
  const call = aCall();
  const events: [string, CallEvent][] = [];
  call.onEvent = (name, event) => events.push([name, event]);
  const outcome = injectFaults(
    [fault({ delay: { percent: 100, ms: 20 }, abort: always })],
    highest,
    sweep,
  )(app)(call);
  await pass(20);
  await outcome;
  assert.deepEqual(events, [
    ["fault", { ms: 20 }],
    ["fault", { code: "fault", status: 503 }],
  ]);
});

test("a percentage of 0 is never drawn, and one of 100 always", async () => {
  const { sweep } = time();
  const never = injectFaults([fault({ abort: { ...always, percent: 0 } })], () => 0, sweep)(app);
  assert.equal(codeOf(await never(aCall())), 200);
  const each = injectFaults([fault({ abort: always })], highest, sweep)(app);
  assert.equal(codeOf(await each(aCall())), "fault");
});

test("a share of the calls is drawn, also one of less than a percent; delay and abort independently", async () => {
  const { sweep } = time();
  const both = fault({ delay: { percent: 30, ms: 0 }, abort: { percent: 0.5, status: 500 } });
  const service = injectFaults([both], seeded(1), sweep)(app);
  const calls = Array.from({ length: 20_000 }, () => aCall());
  const outcomes = Promise.all(calls.map((call) => service(call)));
  sweep.tick();
  await outcomes;
  const share = (what: RegExp) => calls.filter(({ injected }) => what.test(injected)).length / calls.length;
  // Four standard deviations each.
  assert.ok(Math.abs(share(/delay/) - 0.3) < 0.013, `${share(/delay/)}`);
  assert.ok(Math.abs(share(/abort/) - 0.005) < 0.002, `${share(/abort/)}`);
  assert.ok(share(/^delay,abort$/) > 0 && share(/^abort$/) > 0, "one does not need the other");
});

test("the first fault that is about a call is its only one, whatever is drawn", async () => {
  const { sweep } = time();
  const faults = [
    fault({ concerns: ({ head }) => head.path === "/a", abort: { percent: 100, status: 500 } }),
    fault({ concerns: ({ head }) => head.path !== "/c", abort: { percent: 0, status: 501 } }),
    fault({ abort: { percent: 100, status: 502 } }),
  ];
  const status = async (path: string) =>
    statusOf(await injectFaults(faults, highest, sweep)(app)(aCall({ path })));
  assert.deepEqual([await status("/a"), await status("/b"), await status("/c")], [500, 200, 502]);
});

test("a delay holds the call, then lets it go on; the time is known as waited", async () => {
  const { sweep, pass } = time();
  const call = aCall();
  const outcome = injectFaults([fault({ delay: { percent: 100, ms: 300 } })], highest, sweep)(app)(call);
  await pass(299);
  assert.equal(await isPending(outcome), true);
  await pass(1);
  assert.equal(codeOf(await outcome), 200);
  assert.deepEqual([call.injected, call.waitedMs, sweep.size], ["delay", 300, 0]);
});

test("a delay comes before an abort", async () => {
  const { sweep, pass } = time();
  const call = aCall();
  const both = fault({ delay: { percent: 100, ms: 300 }, abort: always });
  const outcome = injectFaults([both], highest, sweep)(app)(call);
  assert.equal(await isPending(outcome), true);
  await pass(300);
  assert.equal(codeOf(await outcome), "fault");
  assert.equal(call.injected, "delay,abort");
});

test("a deadline ends an injected delay, and says so", async () => {
  const { sweep, pass } = time();
  const call = aCall({ timeoutMs: 200 });
  const faults = injectFaults([fault({ delay: { percent: 100, ms: 300 } })], highest, sweep);
  const outcome = stack(deadline(sweep), faults)(() => assert.fail("never sent"))(call);
  await pass(200);
  const ended = await outcome;
  assert.ok(ended.kind === "failed");
  assert.deepEqual([ended.code, ended.delivered], ["deadline", "no"]);
  assert.equal(
    ended.message,
    "no answer within 200 ms: it waited 200 ms, and it ended in an injected delay of 300 ms",
  );
  assert.deepEqual([call.injected, sweep.size], ["delay", 0]);
});

test("a caller that leaves in an injected delay ends it at once", async () => {
  const { sweep } = time();
  const call = aCall();
  const faults = injectFaults([fault({ delay: { percent: 100, ms: 300 } })], highest, sweep);
  const outcome = faults(() => assert.fail("never sent"))(call);
  call.cancel("cancelled");
  assert.equal(codeOf(await outcome), "cancelled");
  assert.equal(sweep.size, 0);
});

test("a call that no fault is about is not marked", async () => {
  const { sweep } = time();
  const call = aCall();
  await injectFaults([fault({ concerns: () => false, abort: always })], () => 0, sweep)(app)(call);
  assert.equal(call.injected, "");
});
