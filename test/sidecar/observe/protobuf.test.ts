import assert from "node:assert/strict";
import { test } from "node:test";
import {
  double,
  varintBytes,
  whole,
  writeHex,
  writeNanos,
  writeVarint,
} from "../../../sidecar/observe/protobuf.ts";

test("a varint has seven bits of a number in each byte, the lowest first", () => {
  const written = [0, 1, 127, 128, 300, 16_383, 16_384, 2 ** 40].map((value) => {
    const bytes = Buffer.alloc(10);
    const end = writeVarint(bytes, 0, value);
    assert.equal(end, varintBytes(value));
    return bytes.subarray(0, end).toString("hex");
  });
  // 300 is the example of the specification.
  const expected = ["00", "01", "7f", "8001", "ac02", "ff7f", "808001", "808080808020"];
  assert.deepEqual(written, expected);
});

test("a time is exact to what a number of ms can hold, at any time of this century", () => {
  for (const unixMs of [
    0, 1.5, 65_536_000, 1_764_445_000_123.25, 1_764_445_000_999.75, 4_102_444_799_999.5,
  ]) {
    const bytes = Buffer.alloc(8);
    assert.equal(writeNanos(bytes, 0, unixMs), 8);
    assert.equal(
      bytes.readBigUInt64LE(),
      BigInt(Math.floor(unixMs)) * 1_000_000n + BigInt((unixMs % 1) * 1e6),
    );
  }
});

test("ids, numbers and fractions are written as the specification has them", () => {
  const id = Buffer.alloc(4);
  assert.equal(writeHex(id, 0, 4, "00-09afb7f0-", 3), 4);
  assert.equal(id.toString("hex"), "09afb7f0");
  assert.equal(whole(1, 150).toString("hex"), "089601");
  assert.equal(double(4, 0.5).toString("hex"), "21000000000000e03f");
});
