import assert from "node:assert/strict";
import { test } from "node:test";
import { TraceIndex } from "../../../sidecar/inbound/trace-index.ts";
import { seeded } from "../../support/random.ts";

const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, "0");
const context = (trace: number, span = 1): string => `00-${hex(trace, 32)}-${hex(span, 16)}-01`;

const found = (index: TraceIndex, traceparent: string): number[] => {
  const slots: number[] = [];
  index.each(traceparent, (slot) => slots.push(slot));
  return slots;
};

test("the calls of a trace are found by any context of it, as long as they are there", () => {
  const index = new TraceIndex();
  index.add(0, context(7, 1));
  index.add(1, context(8));
  index.add(2, context(7, 2));
  assert.deepEqual(found(index, context(7, 3)).sort(), [0, 2]);
  index.delete(0);
  index.delete(0);
  index.delete(500);
  assert.deepEqual(found(index, context(7)), [2]);
  assert.deepEqual(found(index, context(9)), []);
});

test("few others are looked at, however many calls are under way", () => {
  const index = new TraceIndex();
  const random = seeded(1);
  const traces = Array.from({ length: 5000 }, () => Math.floor(random() * 2 ** 32));
  for (const [slot, trace] of traces.entries()) index.add(slot, context(trace));
  let looked = 0;
  for (const [slot, trace] of traces.entries()) {
    const slots = found(index, context(trace));
    assert.ok(slots.includes(slot));
    looked += slots.length;
  }
  assert.ok(looked / traces.length < 10, `${looked / traces.length} were looked at`);
});

test("whatever comes and goes, those that are there are found, and none that has gone", () => {
  const index = new TraceIndex();
  const random = seeded(2);
  const there = new Map<number, number>();
  for (let i = 0; i < 20_000; i++) {
    const slot = Math.floor(random() * 300);
    const trace = Math.floor(random() * 40);
    const before = there.get(slot);
    if (before === undefined) {
      index.add(slot, context(trace));
      there.set(slot, trace);
    } else {
      index.delete(slot);
      there.delete(slot);
      assert.ok(!found(index, context(before)).includes(slot));
    }
  }
  for (const [slot, trace] of there) assert.ok(found(index, context(trace)).includes(slot));
  const all = new Set(Array.from({ length: 40 }, (_, trace) => found(index, context(trace))).flat());
  assert.deepEqual([...all].sort(), [...there.keys()].sort());
});
