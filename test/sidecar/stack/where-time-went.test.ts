import assert from "node:assert/strict";
import { test } from "node:test";
import { whereTimeWent } from "../../../sidecar/stack/where-time-went.ts";
import { aCall } from "../../support/calls.ts";

test("a call of one attempt says how long it took, and who had it", () => {
  assert.equal(
    whereTimeWent(aCall({}, 100), 350.4, "attempt 1 took 250 ms, and orders (instance o1) had it"),
    "no answer within 250 ms: attempt 1 took 250 ms, and orders (instance o1) had it",
  );
});

test("waits come first, then each attempt with its instance and what it came to", () => {
  const call = aCall({}, 0);
  call.waitedMs = 120.6;
  call.earlier = [
    { instance: "", code: "no-instance", status: 503, afterMs: 0, ms: 3.2 },
    { instance: "o1", code: "draining", status: 503, afterMs: 60, ms: 7 },
    { instance: "o2", code: "", status: 503, afterMs: 130, ms: 9 },
  ];
  assert.equal(
    whereTimeWent(call, 500, "attempt 4 took 360 ms, and no instance had confirmed it"),
    "no answer within 500 ms: it waited 121 ms, attempt 1 took 3 ms (no instance: no-instance), attempt 2 took 7 ms (instance o1: draining), attempt 3 took 9 ms (instance o2: 503), attempt 4 took 360 ms, and no instance had confirmed it",
  );
});

test("a wait that nobody would notice is not told", () => {
  const call = aCall({}, 0);
  call.waitedMs = 0.4;
  assert.equal(whereTimeWent(call, 10, "x"), "no answer within 10 ms: x");
});
