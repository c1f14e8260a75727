import assert from "node:assert/strict";
import { test } from "node:test";
import { fitBody } from "../../../sidecar/exchange/fit-body.ts";
import { RECORD_BYTES, RecordedBody } from "../../../sidecar/policy/recorded-body.ts";
import type { Body } from "../../../sidecar/stack/body.ts";
import { Collected, LiveBody } from "../../support/bodies.ts";
import { bytes } from "../../support/flow.ts";

/** A body with its reader, and what was told of its record. */
const scene = (first = "") => {
  const source = new LiveBody(first, "length");
  const told: (Body | undefined)[] = [];
  const body = new RecordedBody(source, (whole) => told.push(whole));
  const reader = new Collected();
  const read = () => {
    body.read(reader);
    return source.sink!;
  };
  return { source, told, body, reader, read };
};

test("what passes to the reader is kept, from the first part to the trailers", () => {
  const { body, told, reader, read } = scene("one ");
  assert.deepEqual([body.first.toString(), body.framing, body.complete], ["one ", "length", false]);
  const sink = read();
  sink.write(Buffer.from("two "));
  sink.write(Buffer.from("three"));
  assert.equal(told.length, 0, "not before its end");
  sink.end("x: y\r\n");
  assert.deepEqual([reader.text, reader.trailers], ["two three", "x: y\r\n"]);
  const [whole, ...more] = told;
  assert.deepEqual(more, []);
  const { complete, first, framing, trailers } = whole!;
  assert.deepEqual(
    [complete, first.toString(), framing, trailers],
    [true, "one two three", "length", "x: y\r\n"],
  );
});

test("the record is a copy: what the reader does with its chunks does not touch it", () => {
  const { told, reader, read } = scene();
  const sink = read();
  reader.write = (chunk) => {
    chunk.fill(0);
    return true;
  };
  sink.write(Buffer.from("abc"));
  sink.end("");
  assert.equal(told[0]!.first.toString(), "abc");
});

test("the first part of a body that is split for a frame is kept once", () => {
  const { body, source, told, reader } = scene("0123456789");
  fitBody(body, 4).read(reader);
  source.sink!.write(Buffer.from("ab"));
  source.sink!.end("");
  const [whole] = told;
  assert.deepEqual([reader.text, whole!.first.toString()], ["456789ab", "0123456789ab"]);
});

test("the reader alone pauses and resumes", () => {
  const { body, source, reader, read } = scene();
  const sink = read();
  assert.equal(sink.write(Buffer.from("a")), true);
  reader.takes = false;
  assert.equal(sink.write(Buffer.from("b")), false);
  body.resume();
  assert.equal(source.resumed, 1);
  assert.equal(sink.write(bytes(RECORD_BYTES)), false, "beyond the record too");
});

test("exactly 64 KiB are kept, in pieces of any size, and one byte more is not", () => {
  for (const piece of [1, 1000, 65_535, RECORD_BYTES])
    for (const more of [0, 1]) {
      const length = RECORD_BYTES + more;
      const sent = bytes(length);
      const { told, reader, read } = scene();
      const sink = read();
      for (let at = 0; at < length; at += piece) sink.write(sent.subarray(at, at + piece));
      assert.equal(told.length, more, "given up as soon as it is too long");
      sink.end("");
      assert.equal(told.length, 1);
      assert.deepEqual(told[0]?.first, more === 0 ? sent : undefined);
      assert.deepEqual(Buffer.concat(reader.chunks), sent, "the reader gets all of it");
      assert.equal(reader.trailers, "");
    }
});

test("a first part that is too long is given up at once", () => {
  const { told } = scene("x".repeat(RECORD_BYTES + 1));
  assert.deepEqual(told, [undefined]);
  assert.deepEqual(scene("x".repeat(RECORD_BYTES)).told, []);
});

test("a body that breaks off, or that its reader lets go of, before it is read or after, has no record", () => {
  const brokenOff = scene("a");
  brokenOff.read().fail("cancelled");
  assert.deepEqual([brokenOff.reader.failed, brokenOff.told], ["cancelled", [undefined]]);
  for (const isRead of [false, true]) {
    const { body, source, told, read } = scene("a");
    if (isRead) read();
    body.abandon("too-large");
    body.abandon("too-large");
    assert.deepEqual([source.abandoned, told], ["too-large", [undefined]]);
  }
});

test("what comes after the record was given up, or has ended, is not told again", () => {
  const { body, told, reader, read } = scene("a");
  const sink = read();
  body.giveUp();
  sink.write(Buffer.from("b"));
  sink.end("");
  assert.deepEqual([told, reader.text, reader.trailers], [[undefined], "b", ""]);
  const ended = scene("a");
  ended.read().end("");
  ended.body.giveUp();
  ended.body.abandon("cancelled");
  assert.deepEqual([ended.told.length, ended.told[0]!.first.toString()], [1, "a"]);
});
