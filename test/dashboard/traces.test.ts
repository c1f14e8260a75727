import assert from "node:assert/strict";
import { test } from "node:test";
import { traceAnswer, tracesAnswer } from "../../src/control/traces/http/schemas.ts";
import { KEPT_FOR } from "../../src/control/traces/wire.ts";
import { KINDS, type TraceSpan } from "../../src/dashboard/pages/data/trace-answers.ts";
import { explained } from "../../src/dashboard/pages/model/explained.ts";
import { policyEvents } from "../../src/dashboard/pages/model/policy-events.ts";
import { signOfResult, signOfTrace } from "../../src/dashboard/pages/model/trace-sign.ts";
import { storyOf } from "../../src/dashboard/pages/model/trace-story.ts";
import { partsOf, placeOf } from "../../src/dashboard/pages/model/waterfall.ts";
import { whereTimeWent } from "../../src/dashboard/pages/model/where-time-went.ts";
import { account, FAILED, failedTrace, keptTraces, traceAnswerOf } from "./trace-scene.ts";

const traceOf = (...accounts: Parameters<typeof account>[]) =>
  traceAnswerOf(
    FAILED,
    accounts.map((one) => account(...one)),
    true,
  );
const spanOf = (over: Parameters<typeof account>[1]): TraceSpan => traceOf([0, over]).spans[0]!;
const attempt = (instance: string, afterMs: number, ms: number, status = 200, code = "") => ({
  ...{ instance, status, code, afterMs, ms },
});
/** `back-off 61+45`: what, when and for how long. */
const parts = (span: TraceSpan): string[] =>
  partsOf(span).map((part) => {
    const what = part.kind === "wait" ? part.what : `${part.number} ${part.attempt.instance}`;
    return `${what} ${part.startMs ?? "?"}+${part.ms}`;
  });

test("what the pages read of traces is what the registry answers", () => {
  tracesAnswer.parse({ traces: keptTraces() });
  traceAnswer.parse(failedTrace());
  assert.deepEqual([...KINDS].sort(), [...KEPT_FOR].sort());
});

test("what is known of a request is drawn in its time, callees below callers", () => {
  const { traceId, ms, spans } = explained({
    requestId: "id-1",
    accounts: [
      account(7, { side: "server", ms: 20 }),
      account(5, { ms: 30, traceparent: `00-${FAILED}-00f067aa0ba902b7-00` }),
    ],
  });
  assert.deepEqual(
    [traceId, ms, spans.map(({ startMs, depth }) => [startMs, depth])],
    [
      FAILED,
      30,
      [
        [0, 0],
        [2, 1],
      ],
    ],
  );
});

test("what failed, was slow, was outrun or has no answer yet is told apart by mark and word", () => {
  const of = (status: number, code = "") => Object.values(signOfResult({ status, code })).join(" ");
  assert.deepEqual(
    [of(200), of(404), of(500), of(403, "denied"), of(499, "outrun"), of(0)],
    [
      ...[
        "ok ● 200",
        "ok ● 404",
        "bad ■ 500",
        "bad ■ 403 denied",
        "idle ○ 499 outrun",
        "idle ○ no answer yet",
      ],
    ],
  );
  const [plain, failed, , slow] = keptTraces();
  assert.deepEqual(
    [plain, failed, slow].map((one) => signOfTrace(one!).word),
    ["200", "503 no-instance", "200 slow"],
  );
});

test("attempts and the waits around them are told in their order, each by its kind", () => {
  const retried = spanOf({
    ...{ ms: 438, waitedMs: 45, attempts: [attempt("o1", 0, 61, 503), attempt("o2", 106, 332)] },
  });
  assert.deepEqual(parts(retried), ["1 o1 0+61", "back-off 61+45", "2 o2 106+332"]);
  const hedged = spanOf({
    ms: 172,
    attempts: [attempt("c2", 100, 72, 499, "cancelled"), attempt("c1", 0, 172)],
  });
  assert.deepEqual(parts(hedged), ["1 c1 0+172", "2 c2 100+72"]);
  const wait = (marks: string, more = {}) =>
    parts(spanOf({ ms: 100, waitedMs: 90, marks, attempts: [attempt("o1", 90, 10)], ...more }))[0];
  assert.deepEqual(
    [
      wait("parked, ejected"),
      wait("queued", { side: "server" }),
      wait("broker-away"),
      wait("", { injected: "delay" }),
    ],
    ["parked 0+90", "queued at the app 0+90", "broker away 0+90", "delay by a fault 0+90"],
  );
});

test("a call that ended in a wait shows it, and small gaps are no waits", () => {
  const between = { ms: 100, waitedMs: 60, attempts: [attempt("o1", 0, 40, 503)] };
  assert.deepEqual(parts(spanOf(between)), ["1 o1 0+40", "back-off 40+60"]);
  assert.deepEqual(parts(spanOf({ ms: 90, waitedMs: 90, marks: "parked" })), ["parked 0+90"]);
  assert.deepEqual(parts(spanOf({ ms: 50, attempts: [attempt("o1", 0, 20, 503), attempt("o2", 25, 25)] })), [
    ...["1 o1 0+20", "2 o2 25+25"],
  ]);
});

test("of a sidecar that does not tell when an attempt began there is the wait, but no place for it", () => {
  const { afterMs: _, ...old } = attempt("o1", 0, 10);
  assert.deepEqual(parts(spanOf({ ms: 100, waitedMs: 90, attempts: [old] })), ["1 o1 ?+10", "held ?+90"]);
});

test("a bar lies within the trace, whatever the clocks said", () => {
  assert.deepEqual(placeOf({ startMs: 50, ms: 25 }, 100), { left: 50, width: 25 });
  assert.deepEqual(placeOf({ startMs: 90, ms: 50 }, 100), { left: 90, width: 10 });
  assert.deepEqual(placeOf({ startMs: 0, ms: 0 }, 0), { left: 0, width: 0 });
});

test("what policy did is told in a word for each", () => {
  const words = failedTrace().spans.map((span) =>
    policyEvents(span)
      .map(({ word }) => word)
      .join("+"),
  );
  assert.deepEqual(words, [
    ...["", "", "retried+instance ejected", "", "queued", "hedged+hedge won+1 instance silent"],
    ...["no traceparent", "parked"],
  ]);
  assert.deepEqual(
    policyEvents(spanOf({ mirrored: true, underWay: true, injected: "abort" })).map(({ word }) => word),
    ["under way", "copy", "fault: abort"],
  );
});

test("the story begins with where it failed and what to do, then where the time went, then what is not known", () => {
  const [failed, times, began, silent, ...more] = storyOf(failedTrace(false));
  assert.deepEqual(more, []);
  assert.equal(failed!.text, "It failed at orders → mail: 503 no-instance.");
  assert.match(failed!.more!, /^No instance of the service .*\. To do: look at `weft get instances`/);
  assert.equal(
    times!.text,
    "Where the 452 ms went: 23 % at catalog, instance 11ffee00aa22, which tells nothing; 20 % waiting: orders → mail, parked; 15 % in the app of catalog, instance 77aa88bb99cc.",
  );
  assert.match(
    began!.text,
    /^The app of catalog, instance 77aa88bb99cc, does not seem to forward traceparent/,
  );
  assert.deepEqual(began!.traces?.length, 1);
  assert.match(silent!.text, /^catalog, instance 11ffee00aa22, tells nothing/);
});

test("a failure that a further attempt got over is no failure of the trace", () => {
  const [told] = storyOf(
    traceOf(
      [0, { ms: 50, attempts: [attempt("o1", 0, 10, 503), attempt("o2", 20, 30)] }],
      [1, { side: "server", service: "orders", instance: "o1", status: 503, ms: 8 }],
    ),
  );
  assert.deepEqual(
    [told!.tone, told!.text, told!.more],
    [...["fair", "The app of orders, instance o1, answered 503.", "The call ended well all the same."]],
  );
});

test("a mirror's copy that failed, and what came of it, is no failure of the call that it is of", () => {
  const call = { ms: 20, attempts: [attempt("o1", 0, 20)] };
  const copy = { callee: "payments", mirrored: true, ms: 30, attempts: [attempt("p1", 0, 30, 503)] };
  const inPayments = { service: "payments", instance: "p1" };
  const copied: Parameters<typeof account>[] = [
    [1, { side: "server", service: "orders", instance: "o1", ms: 18 }],
    [1, { ...copy, status: 503 }],
    [2, { side: "server", ...inPayments, callee: "payments", mirrored: true, status: 503, ms: 28 }],
    [9, { ...inPayments, caller: "payments", callee: "bank", status: 503, code: "no-instance", ms: 20 }],
  ];
  const [told, ...more] = storyOf(traceOf([0, call], ...copied));
  assert.equal(told!.tone, "idle");
  assert.equal(told!.text, "A mirror's copy to payments got 503: nobody waits for it.");
  assert.doesNotMatch(more.map(({ text }) => text).join(), /failed|payments|bank|beside each other/);

  const denied = {
    ...copy,
    ms: 1,
    status: 403,
    code: "denied",
    attempts: [attempt("", 0, 1, 403, "denied")],
  };
  const [bad, mild] = storyOf(traceOf([0, { ...call, status: 503, code: "deadline" }], [1, denied]));
  assert.match(bad!.text, /^It failed at shop → orders: 503 deadline/);
  assert.match(mild!.text, /^A mirror's copy to payments got 403 denied: nobody waits for it/);
  assert.match(mild!.more!, /To do: /);
});

test("a caller that left is no failure", () => {
  const left = traceOf([
    0,
    { ms: 40, status: 499, code: "cancelled", attempts: [attempt("o1", 0, 40, 499, "cancelled")] },
  ]);
  assert.deepEqual(
    storyOf(left).map(({ tone }) => tone),
    ["idle", "fair"],
  );
});

test("a quick good trace has nothing to tell but its time, and one of two parts says so", () => {
  const good = traceOf([0, { ms: 10, attempts: [] }]);
  assert.deepEqual(
    storyOf(good).map(({ text }) => text),
    ["Where the 10 ms went: 100 % in the sidecar of shop."],
  );
  const apart = traceOf(
    [0, { ms: 10 }],
    [5, { side: "server", service: "x", caller: "y", instance: "x1", ms: 2 }],
  );
  assert.match(storyOf(apart).at(-1)!.text, /^2 parts stand beside each other/);
});

test("waits of one kind are one sum", () => {
  const attempts = [0, 20, 60].map((afterMs) => attempt("", afterMs, 5, 503, "no-instance"));
  const [most] = whereTimeWent(traceOf([0, { ms: 65, waitedMs: 50, attempts }]).spans);
  assert.deepEqual(most, { where: "waiting: shop → orders, back-off", ms: 50 });
});

const times = (...accounts: Parameters<typeof account>[]): string[] =>
  whereTimeWent(traceOf(...accounts).spans).map(({ where, ms }) => `${ms} ${where}`);
const inOrders = { side: "server", service: "orders" } as const;

test("time of calls that run side by side is counted once, with that which ended last", () => {
  const call = (callee: string) => ({
    ...{ service: "orders", instance: "o1", caller: "orders", callee, ms: 60 },
    attempts: [attempt("", 0, 60)],
  });
  assert.deepEqual(times([0, { ...inOrders, instance: "o1", ms: 100 }], [10, call("a")], [30, call("b")]), [
    "60 at b, which tells nothing",
    "20 at a, which tells nothing",
    "20 in the app of orders, instance o1",
  ]);
});

test("time of a hedge and of the attempt that it outran is counted once", () => {
  const outrun = attempt("o1", 0, 172, 499, "outrun");
  assert.deepEqual(
    times(
      [0, { ms: 172, attempts: [outrun, attempt("o2", 100, 72)] }],
      [0, { ...inOrders, instance: "o1", ms: 172 }],
      [102, { ...inOrders, instance: "o2", ms: 68 }],
    ),
    ["104 in the app of orders, instance o1", "68 in the app of orders, instance o2"],
  );
});

test("what an app goes on with after its caller gave up takes no time from what the caller did then", () => {
  const late = attempt("o1", 0, 40, 504, "deadline");
  const onward = { service: "shop", caller: "shop" };
  assert.deepEqual(
    times(
      [0, { side: "server", service: "shop", caller: "web", callee: "shop", ms: 100 }],
      [0, { ...onward, ms: 40, status: 504, code: "deadline", attempts: [late] }],
      [0, { ...inOrders, instance: "o1", ms: 150 }],
    ),
    ["90 in the app of orders, instance o1", "60 in the app of shop, instance b00b1e5b00b1"],
  );
});

test("a mirror's copy makes no call longer", () => {
  const copy = { callee: "payments", mirrored: true, ms: 900, attempts: [attempt("p1", 0, 900)] };
  const [told] = storyOf(traceOf([0, { ms: 10 }], [1, copy]));
  assert.equal(told!.text, "Where the 10 ms went: 100 % in the sidecar of shop.");
});
