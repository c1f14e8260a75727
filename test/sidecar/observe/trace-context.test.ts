import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatTraceparent,
  newTraceContext,
  parseTraceparent,
} from "../../../sidecar/observe/trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

test("a traceparent is read as the specification says", () => {
  const read = { traceId: TRACE, spanId: SPAN, sampled: true };
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), read);
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-00`), { ...read, sampled: false });
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-03`), read, "other flags do not matter");
  assert.deepEqual(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-comes-later`), read, "a later version");
});

test("a traceparent that is no such thing starts a new trace", () => {
  for (const text of [
    "",
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `cc-${TRACE}-${SPAN}-01.more`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01\r\nx: y`,
  ])
    assert.equal(parseTraceparent(text), undefined, text);
});

test("new contexts are valid, all different, and sampled as often as asked", () => {
  const made = Array.from({ length: 20_000 }, () => newTraceContext(0.1));
  assert.equal(new Set(made.map((c) => c.traceId)).size, made.length);
  for (const context of made.slice(0, 600))
    assert.deepEqual(parseTraceparent(formatTraceparent(context)), context);
  const sampled = made.filter((c) => c.sampled).length;
  assert.ok(Math.abs(sampled - 2000) < 300, `${sampled} of 20000`); // seven standard deviations
  assert.ok(!newTraceContext(0).sampled);
  assert.ok(newTraceContext(1).sampled);
});
