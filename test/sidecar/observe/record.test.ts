import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecentCall } from "../../../sidecar/observe/recent-calls.ts";
import { record } from "../../../sidecar/observe/record.ts";
import type { Span } from "../../../sidecar/observe/span.ts";
import type { Tracer } from "../../../sidecar/observe/tracer.ts";
import { failed, type Outcome, refused } from "../../../sidecar/stack/outcome.ts";
import { callFamilies } from "../../../src/telemetry/call-families.ts";
import { aCall } from "../../support/calls.ts";
import { countsOf, scene } from "../outbound/scene.ts";
import { replied } from "../policy/scene.ts";

/** Records all calls, or none. */
const tracerOf = (records: boolean, spans: Span[]): Tracer => ({
  next: () => "00-1-2-01",
  records: () => records,
  record: (span) => void spans.push(span),
  shutdown: async () => {},
});

test("a call tells its span what happens to it, and nobody when its span is not recorded", async () => {
  const { recorder } = scene();
  const spans: Span[] = [];
  for (const records of [true, false]) {
    const layer = record("client", { ...recorder, tracer: tracerOf(records, spans), now: () => 7 });
    await layer(async (one) => {
      assert.equal(one.onEvent !== undefined, records);
      one.note("parked", 20);
      return replied;
    })(aCall());
  }
  assert.deepEqual(
    spans.map(({ events }) => events),
    [[{ name: "parked", at: 7, event: { instance: "", ms: 20 } }]],
  );
});

/** Records one call, and gives all that was said of it. */
async function recorded(outcome: Outcome, change: (call: ReturnType<typeof aCall>) => void = () => {}) {
  const { recorder } = scene();
  const logged: RecentCall[] = [];
  const spans: Span[] = [];
  const layer = record("client", {
    ...recorder,
    accessLog: { wants: () => true, write: (call) => logged.push(call), flush: () => {} },
    tracer: tracerOf(true, spans),
    now: () => 20,
  });
  const call = aCall({ headers: "x-request-id: id-1\r\n" });
  await layer(async (one) => {
    change(one);
    return outcome;
  })(call);
  const said = { meter: countsOf(recorder.meter), mirrorMeter: countsOf(recorder.mirrorMeter) };
  const [recent] = recorder.recent.find("id-1");
  // Each is told of the same.
  assert.deepEqual([logged, spans.map((one) => one.call)], [[recent], [recent]]);
  return { ...said, recent: recent!, span: spans[0]!, recorder, call };
}

test("the rule, and the backend that it chose, are in metrics, and in what is kept", async () => {
  const { meter, recent } = await recorded(replied, (call) => {
    call.rule = { name: "orders/canary", why: "" };
    call.callee = "pay";
    call.target = { kind: "version", version: "2" };
    call.version = "2";
  });
  assert.deepEqual(meter, [
    {
      labels: {
        http_request_method: "GET",
        http_response_status_code: 200,
        ...{ weft_caller: "shop", weft_callee: "pay", weft_version: "2", http_route: "orders/canary" },
      },
      value: 1,
    },
  ]);
  assert.deepEqual(
    [recent.rule?.name, recent.asked, recent.callee, recent.version, recent.instance],
    ["orders/canary", "orders", "pay", "2", "o1"],
  );
});

test("a copy counts as no call: it has families of its own, and is marked", async () => {
  const { recorder } = scene();
  const copy = aCall();
  copy.mirrored = true;
  await record("client", recorder)(async () => replied)(copy);
  assert.deepEqual([countsOf(recorder.meter).length, countsOf(recorder.mirrorMeter).length], [0, 1]);
  const { recent } = await recorded(replied, (call) => {
    call.mirrored = true;
  });
  assert.equal(recent.mirrored, true);
});

test("a fault that policy put in is counted as one", async () => {
  const aborted = { ...refused("fault", "x"), status: 418 };
  for (const [injected, outcome, status] of [
    ["delay", replied, 200],
    ["abort", aborted, 418],
    ["delay,abort", aborted, 418],
    ["delay", failed("deadline", "no", "x"), 504],
  ] as const) {
    const { recent, recorder, meter } = await recorded(outcome, (call) => {
      call.injected = injected;
    });
    assert.deepEqual([recent.injected, recent.status], [injected, status]);
    assert.equal(meter[0]!.labels.http_response_status_code, status);
    const counter = callFamilies(recorder.meter).find(
      ({ name }) => name === "weft_client_injected_faults_total",
    );
    assert.deepEqual([...counter!.read()], [{ labels: { fault: injected }, value: 1 }]);
  }
});

test("the next hop gets the trace context, whether the app sent one or not", async () => {
  const { call } = await recorded(replied);
  assert.equal(call.head.headers, "x-request-id: id-1\r\ntraceparent: 00-1-2-01\r\n");
});
