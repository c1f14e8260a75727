import assert from "node:assert/strict";
import { test } from "node:test";
import { type Mirror, mirror } from "../../../sidecar/policy/mirror.ts";
import { wholeBody } from "../../../sidecar/stack/body.ts";
import type { Call, Service } from "../../../sidecar/stack/call.ts";
import { LiveBody } from "../../support/bodies.ts";
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

test("a call whose body is still coming in, or that changes protocols, is not copied, and that is counted", async () => {
  const { copies, to } = scene();
  let skipped = 0;
  const service = mirror(
    [to(), to(), to({ percent: 0 })],
    () => 0,
    () => 0,
    () => skipped++,
  )(app);
  assert.equal(codeOf(await service(aCall({ body: new LiveBody("part") }))), 200);
  assert.deepEqual([copies.length, skipped], [0, 2], "one for each copy that was wanted");
  await service(aCall({ upgrade: "websocket", body: new LiveBody("", "none") }));
  assert.deepEqual([copies.length, skipped], [0, 4]);
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
