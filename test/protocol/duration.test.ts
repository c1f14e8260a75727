import assert from "node:assert/strict";
import { test } from "node:test";
import { msText } from "../../src/protocol/duration.ts";

test("a measured time has two digits at least, and its unit changes where the rounded number does", () => {
  const written = [0, 0.04, 9.94, 9.96, 999.4, 999.6, 1234, 9940, 15_000, 125_000].map(msText);
  const ms = ["0 ms", "0.0 ms", "9.9 ms", "10 ms", "999 ms"];
  assert.deepEqual(written, [...ms, "1.0 s", "1.2 s", "9.9 s", "15 s", "125 s"]);
});
