import assert from "node:assert/strict";
import { test } from "node:test";
import { readRetryAfter } from "../../../sidecar/policy/retry-after.ts";

const DATE = Date.UTC(1994, 10, 6, 8, 49, 37);

test("seconds are read as ms", () => {
  assert.equal(readRetryAfter("0", DATE), 0);
  assert.equal(readRetryAfter("120", DATE), 120_000);
  assert.equal(readRetryAfter("9".repeat(400), DATE), Number.POSITIVE_INFINITY);
});

test("a date is read in each of the three forms of the standard, all in UTC", () => {
  for (const date of [
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
  ])
    assert.equal(readRetryAfter(date, DATE - 90_000), 90_000, date);
});

test("a date that has passed means now", () => {
  assert.equal(readRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", DATE + 1), 0);
});

test("anything else is no answer", () => {
  for (const value of [
    ...["", "-1", "1.5", "soon", "1 second", "1994-11-06T08:49:37Z", "1, 2"],
    ...["Xyz, 99 Abc 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 +0100"],
  ])
    assert.equal(readRetryAfter(value, DATE), undefined, value);
});
