import assert from "node:assert/strict";
import { test } from "node:test";
import { firstIn, firstOut, urgency } from "../../../sidecar/policy/shed.ts";

test("the urgency of a call is read as RFC 9218 writes it, or as a digit; anything else is 3", () => {
  const read = [
    ...["u=0", "u=7, i", "i, u=5", " u=1 ;x=2", "u = 2", "4"],
    ...[undefined, "", "u=8", "u=-1", "u=1.5", "u=12", "i", "high", "xu=1", "u=a"],
  ].map((value) => urgency(value));
  assert.deepEqual(read, [0, 7, 5, 1, 2, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]);
});

test("the most urgent goes first, and of equals the one that came first", () => {
  assert.equal(firstIn([3, 1, 5, 1].map((urgency) => ({ urgency }))), 1);
  assert.equal(firstIn([3, 3].map((urgency) => ({ urgency }))), 0);
});

test("the least urgent goes out for a more urgent one, and of equals the one that came last", () => {
  const waiting = [3, 5, 1, 5].map((urgency) => ({ urgency }));
  assert.deepEqual(
    [0, 4, 5, 7].map((urgency) => firstOut(waiting, urgency)),
    [3, 3, -1, -1],
  );
  assert.equal(firstOut([], 0), -1);
});
