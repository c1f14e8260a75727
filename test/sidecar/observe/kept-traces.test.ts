import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KeptTraces } from "../../../sidecar/observe/kept-traces.ts";
import { RecentCalls } from "../../../sidecar/observe/recent-calls.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import { BEGAN_TRACE } from "../../../sidecar/stack/marks.ts";
import { failed, type Outcome, refused } from "../../../sidecar/stack/outcome.ts";
import type { TraceNote } from "../../../src/control/traces/wire.ts";
import { EdgeTally } from "../../../src/telemetry/edge-tally.ts";
import { bucketOf } from "../../../src/telemetry/histogram.ts";
import type { Side } from "../../../src/telemetry/side.ts";
import { aCall } from "../../support/calls.ts";
import { replied } from "../policy/scene.ts";

const trace = (n: number): string => n.toString(16).padStart(32, "a");

function scene(size?: number) {
  const notes: TraceNote[] = [];
  const recent = { client: new RecentCalls("client", size), server: new RecentCalls("server", size) };
  const kept = new KeptTraces({
    ...{ service: "orders", instance: "o1", recent },
    note: (note) => void notes.push(note),
  });
  let count = 0;
  /** A call that ends at `at` ms, after `ms`. */
  const call = (
    at: number,
    ms: number,
    over: Partial<Call> = {},
    outcome: Outcome = replied,
    side: Side = "client",
  ) => {
    const one = aCall({}, at - ms);
    Object.assign(one, { traceparent: `00-${trace(++count)}-00f067aa0ba902b7-00`, ...over });
    const before = notes.length;
    kept.ended(side)(recent[side].add(one, outcome, ms));
    return notes[before]?.why;
  };
  /** So many calls of that time to `orders` ended of late. */
  const usual = (ms: number, calls: number, side: Side = "client") => {
    const tally = new EdgeTally(side === "client" ? "orders" : "shop", "", "");
    tally.buckets[bucketOf(ms)] = calls;
    kept.learn(side, [tally]);
  };
  return { notes, recent, kept, call, usual };
}
const gone = failed("gone", "unknown", "");

describe("a call that has ended", () => {
  test("is kept when it failed, and not when its caller left", () => {
    const { call, notes } = scene();
    call(0, 0);
    assert.equal(call(10, 5, {}, gone), "failed");
    assert.equal(call(20, 5, {}, refused("rate-limited", "")), "failed", "whatever its status");
    assert.equal(call(30, 5, {}, { ...replied, status: 502 } as Outcome), "failed");
    assert.equal(call(40, 5, {}, failed("cancelled", "unknown", "")), undefined);
    assert.equal(call(50, 5, { mirrored: true }, gone), undefined, "a copy");
    assert.equal(call(60, 5, { traceparent: undefined }, gone), undefined);
    const { traceId, side, ms, caller, callee, status, code } = notes[1]!;
    assert.deepEqual(
      [traceId, side, ms, caller, callee, status, code],
      [trace(2), "client", 5, "shop", "orders", 502, "gone"],
    );
  });

  test("is slow above a second, and once enough is known above what 99 of 100 take", () => {
    const { call, usual } = scene();
    call(0, 0);
    assert.deepEqual([call(500, 400), call(501, 1001)], [undefined, "slow"]);
    usual(20, 99);
    assert.equal(call(502, 400), undefined, "too little is known");
    usual(20, 900);
    assert.deepEqual([call(503, 19), call(504, 21)], [undefined, "slow"]);
    assert.equal(call(505, 400, { callee: "billing" }), undefined, "of another nothing is known");
    for (let i = 0; i < 200; i++) usual(0, 0);
    assert.equal(call(506, 400), undefined, "all that was known is of long ago");
  });

  test("is never slow below 5 ms", () => {
    const { call, usual } = scene();
    call(0, 0);
    usual(0.2, 1000);
    assert.deepEqual([call(10, 4), call(11, 6)], [undefined, "slow"]);
  });

  test("is judged by its callee, too, but there not kept for nothing", () => {
    const { call, usual } = scene();
    usual(20, 1000, "server");
    const at = (now: number, ms: number, outcome: Outcome = replied) => call(now, ms, {}, outcome, "server");
    assert.deepEqual([at(1, 1), at(100, 25), at(200, 1, gone)], [undefined, "slow", "failed"]);
  });

  test("is kept once a second when nothing is odd, and in a storm of failures only some are", () => {
    const { call } = scene();
    const why = [0, 500, 999, 1000, 1001, 2500].map((at) => call(at, 0));
    assert.deepEqual(why, ["recent", undefined, undefined, "recent", undefined, "recent"]);
    const stormy = Array.from({ length: 1000 }, (_, i) => call(3000 + i, 1, {}, gone));
    const told = stormy.filter((one) => one === "failed").length;
    assert.ok(told >= 20 && told <= 26, `${told} of 1000 in a second`);
  });
});

describe("a kept trace", () => {
  test("outlives the last calls, and others of its trace are told with it", () => {
    const { kept, call } = scene(4);
    call(10, 5, { traceparent: `00-${trace(1)}-00f067aa0ba902b7-01` }, gone);
    call(9, 8, { traceparent: `00-${trace(1)}-00f067aa0ba902b8-01` }, replied, "server");
    kept.keep(new Set([trace(1)]));
    kept.keep(new Set([trace(1)]));
    for (let i = 0; i < 10; i++) {
      call(20 + i, 1);
      call(20 + i, 1, {}, gone);
      call(20 + i, 1, {}, replied, "server");
    }
    const accounts = kept.accounts(trace(1));
    assert.deepEqual(
      accounts.map(({ side, code, service }) => [side, code, service]),
      [
        ["server", "", "orders"],
        ["client", "gone", "orders"],
      ],
    );
    assert.deepEqual(kept.accounts(trace(99)), []);
  });

  test("names the traces that the app began while it served it", () => {
    const { kept, call } = scene();
    const served = `00-${trace(500)}-00f067aa0ba902b7-00`;
    const began = { caller: "orders", marks: BEGAN_TRACE };
    call(15, 1, began); // trace 1, begun within
    call(16, 2); // trace 2 came with a context
    call(30, 1, began); // trace 3, later
    call(20, 10, { traceparent: served }, replied, "server");
    const of = () => kept.accounts(trace(500)).map((account) => account.began);
    assert.deepEqual(of(), [[trace(1)]]);
    kept.keep(new Set([trace(500)]));
    assert.deepEqual(of(), [[trace(1)]]);
    const [account] = kept.accounts(trace(1));
    assert.deepEqual([account!.began, account!.marks], [undefined, undefined]);
  });

  test("has a bounded number of calls, so that a job with one trace for all it does pushes out no other", () => {
    const { kept, call } = scene(4);
    call(1, 1);
    kept.keep(new Set([trace(1)]));
    const traceparent = `00-${trace(5000)}-00f067aa0ba902b7-00`;
    for (let i = 0; i < 1200; i++) {
      call(i, 1, { traceparent });
      kept.keep(new Set([trace(5000)]));
    }
    assert.deepEqual([kept.accounts(trace(1)).length, kept.accounts(trace(5000)).length], [1, 32]);
  });

  test("is one of a bounded number", () => {
    const { kept, call } = scene(4);
    for (let i = 1; i <= 1200; i++) {
      call(i, 1);
      kept.keep(new Set([trace(i)]));
    }
    const known = [1, 176, 177, 1200].map((i) => kept.accounts(trace(i)).length);
    assert.deepEqual(known, [0, 0, 1, 1]);
  });
});
