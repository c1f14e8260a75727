import assert from "node:assert/strict";
import { test } from "node:test";
import { record } from "../../../sidecar/observe/record.ts";
import { failed, type Outcome, refused } from "../../../sidecar/stack/outcome.ts";
import type { AccessEntry } from "../../../src/telemetry/access-log.ts";
import { callFamilies } from "../../../src/telemetry/call-families.ts";
import type { SpanEvent, SpanFacts, SpanOutcome } from "../../../src/telemetry/trace.ts";
import { aCall } from "../../support/calls.ts";
import { countsOf, scene } from "../outbound/scene.ts";
import { replied } from "../policy/scene.ts";

test("a call tells its span what happens to it, and nobody when its span is not recorded", async () => {
  const { recorder } = scene();
  const told: [string, SpanEvent][] = [];
  for (const event of [(name: string, facts: SpanEvent) => void told.push([name, facts]), undefined]) {
    const tracer = {
      start: () => ({ traceparent: "00-1-2-01", sampled: true, event, end: () => {} }),
      shutdown: async () => {},
    };
    const call = aCall();
    await record("client", { ...recorder, tracer })(async (one) => {
      assert.equal(one.onEvent, event);
      one.note("parked", 20);
      return replied;
    })(call);
  }
  assert.deepEqual(told, [["parked", { instance: "", ms: 20 }]]);
});

/** Records one call, and gives all that was said of it. */
async function recorded(outcome: Outcome, change: (call: ReturnType<typeof aCall>) => void = () => {}) {
  const { recorder } = scene();
  const logged: AccessEntry[] = [];
  const spans: (Partial<SpanFacts> & Partial<SpanOutcome>)[] = [];
  const layer = record("client", {
    ...recorder,
    accessLog: { wants: () => true, write: (entry) => logged.push(entry), flush: () => {} },
    tracer: {
      start: (_side, _incoming, facts) => ({
        ...{ traceparent: "00-1-2-01", sampled: true, event: undefined },
        end: (ended) => spans.push({ ...facts(), ...ended }),
      }),
      shutdown: async () => {},
    },
    now: () => 20,
  });
  const call = aCall({ headers: "x-request-id: id-1\r\n" });
  await layer(async (one) => {
    change(one);
    return outcome;
  })(call);
  const said = { meter: countsOf(recorder.meter), mirrorMeter: countsOf(recorder.mirrorMeter) };
  return { ...said, log: logged[0]!, span: spans[0]!, recent: recorder.recent.find("id-1"), recorder, call };
}

test("the rule, and the backend that it chose, are in metrics, span and log", async () => {
  const { meter, log, span, recent } = await recorded(replied, (call) => {
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
    [log.route, log.callee, log.version, log.instance, log.flag],
    ["orders/canary", "pay", "2", "o1", "-"],
  );
  assert.deepEqual([span.route, span.callee, span.version], ["orders/canary", "pay", "2"]);
  assert.equal(recent.length, 1);
});

test("a copy counts as no call: it has families of its own, and is marked in span and log", async () => {
  const { recorder } = scene();
  const copy = aCall();
  copy.mirrored = true;
  await record("client", recorder)(async () => replied)(copy);
  assert.deepEqual([countsOf(recorder.meter).length, countsOf(recorder.mirrorMeter).length], [0, 1]);
  const { log, span } = await recorded(replied, (call) => {
    call.mirrored = true;
  });
  assert.deepEqual([log.mirrored, span.mirrored], [true, true]);
});

test("a fault that policy put in is marked as one, in Envoy's words in the log", async () => {
  const aborted = { ...refused("fault", "x"), status: 418 };
  for (const [injected, outcome, flag, status] of [
    ["delay", replied, "DI", 200],
    ["abort", aborted, "FI", 418],
    ["delay,abort", aborted, "DI,FI", 418],
    ["delay", failed("deadline", "no", "x"), "DI,UT", 504],
  ] as const) {
    const { log, span, recorder, meter } = await recorded(outcome, (call) => {
      call.injected = injected;
    });
    assert.deepEqual([log.injected, log.flag, log.status], [injected, flag, status]);
    assert.deepEqual([span.injected, span.status], [injected, status]);
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
