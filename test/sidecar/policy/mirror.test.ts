import assert from "node:assert/strict";
import { test } from "node:test";
import { type Mirror, mirror } from "../../../sidecar/policy/mirror.ts";
import { RECORD_BYTES } from "../../../sidecar/policy/recorded-body.ts";
import { wholeBody } from "../../../sidecar/stack/body.ts";
import type { Call, Service } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome } from "../../../sidecar/stack/outcome.ts";
import { Collected, LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { turns } from "../../support/fake-clock.ts";
import { seeded } from "../../support/random.ts";
import { codeOf, replied } from "./scene.ts";

const none = () => assert.fail("nothing was to be skipped");
const app: Service = async () => replied;

const scene = () => {
  const copies: Call[] = [];
  const to = (part: Partial<Mirror> = {}): Mirror => ({
    ...{ percent: 100, callee: "audit", target: { kind: "version", version: "3" } },
    shadow: async (copy) => {
      copies.push(copy);
      return replied;
    },
    ...part,
  });
  return { copies, to };
};

test("the call itself leaves before any copy of it", async () => {
  const order: string[] = [];
  const { to } = scene();
  const shadow: Service = async () => {
    order.push("copy");
    return replied;
  };
  const service = mirror(
    [to({ shadow }), to({ shadow })],
    () => 0,
    () => 0,
    none,
  );
  const outcome = service(async () => {
    order.push("call");
    return replied;
  })(aCall());
  assert.deepEqual(order, ["call", "copy", "copy"], "all of it at once, and nothing was waited for");
  assert.equal(await outcome, replied);
});

test("a copy goes to the mirror with what the call has at the time, and is marked", async () => {
  const { copies, to } = scene();
  const body = wholeBody(Buffer.from("hello"));
  const call = aCall({ method: "POST", path: "/wrote", headers: "Host: a\r\n", body, timeoutMs: 700 });
  call.path = "/rewritten";
  call.rule = { name: "orders/canary", why: "PathPrefix /" };
  call.traceparent = "00-1-2-01";
  await mirror(
    [to()],
    () => 0,
    () => 42,
    none,
  )(app)(call);
  const [copy] = copies;
  assert.equal(copy!.mirrored, true);
  assert.deepEqual([copy!.callee, copy!.target], ["audit", { kind: "version", version: "3" }]);
  assert.deepEqual(
    [copy!.path, copy!.head.method, copy!.head.headers],
    ["/rewritten", "POST", "Host: a\r\n"],
  );
  assert.deepEqual([copy!.head.body, copy!.rule, copy!.traceparent], [body, call.rule, call.traceparent]);
  assert.deepEqual([copy!.startedAt, copy!.dueAt], [42, 742]);
  assert.deepEqual([call.mirrored, call.callee, call.target], [false, "orders", { kind: "any" }]);
});

test("what becomes of the call does not touch the copy, nor the other way round", async () => {
  const { copies, to } = scene();
  const call = aCall();
  await mirror(
    [to()],
    () => 0,
    () => 0,
    none,
  )(async (one) => {
    one.head.headers += "added: below\r\n";
    one.path = "/other";
    one.callee = "elsewhere";
    one.cancel("deadline");
    return replied;
  })(call);
  const [copy] = copies;
  assert.deepEqual([copy!.head.headers, copy!.path, copy!.callee], ["Host: orders.mesh\r\n", "/", "audit"]);
  assert.equal(copy!.cancelled, undefined);
  copy!.head.headers = "";
  copy!.cancel("cancelled");
  assert.equal(call.head.headers, "Host: orders.mesh\r\nadded: below\r\n");
  assert.equal(call.cancelled, "deadline");
});

test("a mirror that never answers, fails or has a bug does no harm", async () => {
  const { to } = scene();
  const shadows: Service[] = [
    () => new Promise(() => {}),
    async () => ({ kind: "failed", code: "no-instance", delivered: "no", message: "" }),
    () => Promise.reject(new Error("bug")),
  ];
  const service = mirror(
    shadows.map((shadow) => to({ shadow })),
    () => 0,
    () => 0,
    none,
  );
  assert.equal(codeOf(await service(app)(aCall())), 200);
  await turns();
});

test("an answer that streams is let go at once", async () => {
  const { to } = scene();
  const body = new LiveBody("a first part");
  await mirror(
    [to({ shadow: async () => ({ ...replied, body }) })],
    () => 0,
    () => 0,
    none,
  )(app)(aCall());
  await turns();
  assert.deepEqual([body.abandoned, body.sink], ["cancelled", undefined]);
});

/** Mirrors a call whose body comes as the test says; the real callee reads it at once. */
const uploading = (inner?: Service) => {
  const { copies, to } = scene();
  const body = new LiveBody("first ");
  const counts = { skipped: 0 };
  const took = new Collected();
  let answer = (_outcome: Outcome): void => {};
  const real: Service = (one) => {
    one.head.body.read(took);
    return new Promise((resolve) => {
      answer = resolve;
    });
  };
  const call = aCall({ body, timeoutMs: 700 });
  call.path = "/as it was";
  let now = 10;
  const service = mirror(
    [to(), to({ callee: "other" }), to({ percent: 0 })],
    () => 0,
    () => now,
    () => counts.skipped++,
  );
  const outcome = service(inner ?? real)(call);
  now = 500;
  return { copies, body, counts, took, call, outcome, answer: (one: Outcome) => answer(one) };
};

test("a body that is still coming in is copied when it has come in full, and the call waits for nothing", () => {
  const { copies, body, counts, took, call } = uploading();
  call.path = "/changed below";
  call.head.headers = "";
  const sink = body.sink!;
  sink.write(Buffer.from("second "));
  took.takes = false;
  assert.equal(sink.write(Buffer.from("third")), false, "the real callee alone says when to pause");
  assert.equal(copies.length, 0);
  sink.end("x-sum: 1\r\n");
  assert.deepEqual([took.text, took.trailers, counts.skipped], ["second third", "x-sum: 1\r\n", 0]);
  assert.deepEqual(
    copies.map(({ callee, path, startedAt, dueAt, mirrored }) => [callee, path, startedAt, dueAt, mirrored]),
    ["audit", "other"].map((callee) => [callee, "/as it was", 500, 1200, true]),
  );
  for (const { head } of copies) {
    assert.equal(head.headers, "Host: orders.mesh\r\n");
    const { complete, first, framing, trailers } = head.body;
    assert.deepEqual(
      [complete, first.toString(), framing, trailers],
      [true, "first second third", "until-end", "x-sum: 1\r\n"],
    );
  }
});

test("an answer may come before the end of its request, which is copied all the same", async () => {
  const { copies, body, counts, outcome, answer } = uploading();
  answer(replied);
  assert.equal(codeOf(await outcome), 200);
  await turns();
  body.sink!.end("");
  assert.deepEqual([copies.length, counts.skipped], [2, 0]);
});

test("a body that does not come in full is not copied, and each copy that was wanted counts as skipped", async () => {
  const brokenOff = uploading();
  brokenOff.body.sink!.fail("cancelled");
  assert.equal(brokenOff.took.failed, "cancelled");
  const notWanted = uploading();
  notWanted.call.head.body.abandon("cancelled");
  assert.equal(notWanted.body.abandoned, "cancelled");
  const tooLong = uploading();
  tooLong.body.sink!.write(Buffer.alloc(RECORD_BYTES));
  assert.equal(tooLong.counts.skipped, 2, "told when it is known");
  tooLong.body.sink!.end("");
  const failedEarly = uploading(async () => failed("no-instance", "no", ""));
  assert.equal(codeOf(await failedEarly.outcome), "no-instance");
  const bug = uploading(() => Promise.reject(new Error("bug")));
  await assert.rejects(bug.outcome, { message: "bug" });
  await turns();
  for (const { copies, counts } of [brokenOff, notWanted, tooLong, failedEarly, bug])
    assert.deepEqual([copies.length, counts.skipped], [0, 2]);
  assert.deepEqual([tooLong.took.bytes, tooLong.took.trailers], [RECORD_BYTES, ""]);
});

test("a call that changes protocols is not copied, and its tunnel is left alone", async () => {
  const { copies, to } = scene();
  let skipped = 0;
  const service = mirror(
    [to(), to(), to({ percent: 0 })],
    () => 0,
    () => 0,
    () => skipped++,
  )(app);
  const tunnel = new LiveBody("", "none");
  const call = aCall({ upgrade: "websocket", body: tunnel });
  await service(call);
  assert.equal(call.head.body, tunnel);
  assert.deepEqual([copies.length, skipped], [0, 2]);
});

test("a call that draws no copy is not recorded", async () => {
  const { copies, to } = scene();
  const body = new LiveBody("part");
  const call = aCall({ body });
  await mirror(
    [to({ percent: 0 })],
    () => 0,
    () => 0,
    none,
  )(app)(call);
  assert.deepEqual([call.head.body, copies.length], [body, 0]);
});

test("each mirror draws for itself: 0 never, 100 always, and a share to the statistics", async () => {
  const random = seeded(7);
  const counts = { never: 0, one: 0, half: 0, all: 0 };
  const { to } = scene();
  const counting = (name: keyof typeof counts, percent: number): Mirror =>
    to({
      percent,
      shadow: async () => {
        counts[name]++;
        return replied;
      },
    });
  const mirrors = [counting("never", 0), counting("one", 0.5), counting("half", 50), counting("all", 100)];
  const service = mirror(mirrors, random, () => 0, none)(app);
  for (let i = 0; i < 20_000; i++) void service(aCall());
  assert.deepEqual([counts.never, counts.all], [0, 20_000]);
  // Four standard deviations each.
  assert.ok(Math.abs(counts.half - 10_000) < 283, `${counts.half}`);
  assert.ok(Math.abs(counts.one - 100) < 40, `${counts.one}`);
});

test("a call that fails is copied all the same", async () => {
  const { copies, to } = scene();
  const failing: Service = async () => ({ kind: "failed", code: "gone", delivered: "unknown", message: "" });
  assert.equal(
    codeOf(
      await mirror(
        [to()],
        () => 0,
        () => 0,
        none,
      )(failing)(aCall()),
    ),
    "gone",
  );
  assert.equal(copies.length, 1);
});
