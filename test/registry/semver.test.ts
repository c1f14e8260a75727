import assert from "node:assert/strict";
import { test } from "node:test";
import { semver } from "../../src/registry/semver.ts";

/** The regular expression of semver.org, as ADR-32 demands it. */
const OFFICIAL =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;

test("a version token reads as the SemVer that a person would expect", () => {
  const expected = {
    "2": "2.0.0",
    v2: "2.0.0",
    "1-2": "1.2.0",
    "1-2-0": "1.2.0",
    "10-20-30": "10.20.30",
    "1-2-0-rc1": "1.2.0-rc1",
    "1-2-3-4": "1.2.3-4",
    "2-beta": "2.0.0-beta",
    canary: "0.0.0-canary",
    "20261122": "20261122.0.0",
    "01": "0.0.0-v-01",
    "1-02": "0.0.0-1-02",
    "7f3a9c": "0.0.0-7f3a9c",
  };
  assert.deepEqual(
    Object.fromEntries(Object.keys(expected).map((token) => [token, semver(token)])),
    expected,
  );
});

test("every token of up to three characters is valid SemVer", () => {
  const letters = ["0", "1", "9", "a", "v", "z", "-"];
  for (const a of ["", ...letters])
    for (const b of ["", ...letters])
      for (const c of letters) assert.match(semver(a + b + c), OFFICIAL, a + b + c);
});
