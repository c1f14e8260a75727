import assert from "node:assert/strict";
import { test } from "node:test";
import { type Check, type Finding, fail, ok, runChecks, type Scene } from "../../../src/cli/check/check.ts";

const never = () => new Promise<never>(() => {});
const SCENE: Scene = { state: "/nowhere", up: undefined, ask: never, now: 0, failBeforeMs: 0 };

async function findingsOf(checks: readonly Check[]): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const findings of runChecks(checks, SCENE, 20)) all.push(...findings);
  return all;
}

test("a look that hangs fails in time, with its own cure, and the others are told all the same", async () => {
  const found = await findingsOf([
    { what: "a", run: never, late: () => "start it again" },
    { what: "b", run: () => [ok("b", "well")] },
  ]);
  assert.deepEqual(found, [fail("a", "no answer within 0.02 s", "start it again"), ok("b", "well")]);
});

test("what is known is given before what is not known yet", async () => {
  const looks = runChecks(
    [
      { what: "a", run: () => [ok("a", "well")] },
      { what: "b", run: never },
    ],
    SCENE,
    60_000,
  );
  assert.deepEqual((await looks.next()).value, [ok("a", "well")]);
});

test("what is wrong with a part is said once, and not by each who asks it", async () => {
  const throws = () => Promise.reject(new Error("nobody answers"));
  const found = await findingsOf([
    { what: "registry", run: throws },
    { what: "instances", asks: "registry", run: throws },
    { what: "policy", asks: "registry", run: never },
    { what: "limits", run: throws },
  ]);
  assert.deepEqual(
    found.map(({ level, what, says }) => [level, what, says]),
    [
      ["fail", "registry", "nobody answers"],
      ["warn", "instances", "not known while the look at the registry fails"],
      ["warn", "policy", "not known while the look at the registry fails"],
      ["fail", "limits", "nobody answers"],
    ],
  );
});

test("who asks a part that is well fails by himself", async () => {
  const found = await findingsOf([
    { what: "registry", run: () => [ok("registry", "well")] },
    { what: "policy", asks: "registry", run: () => Promise.reject(new Error("no such page")) },
  ]);
  assert.equal(found[1]?.level, "fail");
});
