import assert from "node:assert/strict";
import { test } from "node:test";
import { nameFull, type Presence } from "../../../sidecar/policy/name-full.ts";
import { failed, type Outcome } from "../../../sidecar/stack/outcome.ts";
import { aCall } from "../../support/calls.ts";
import { none } from "./retry-scene.ts";
import { replied } from "./scene.ts";

const run = (outcome: Outcome, presence: Presence, call = aCall()) =>
  nameFull(() => presence)(async () => outcome)(call);

test("instances that are up and full are overload, not absence, and it says when to come again", async () => {
  assert.deepEqual(await run(none, { up: 3, isFull: true }), {
    ...failed("overloaded", "no", "none of the 3 instances of orders takes calls at the moment"),
    retryAfterMs: 1000,
  });
  const call = aCall({ target: { kind: "version", version: "2" } });
  assert.deepEqual(await run({ ...none, delivered: "unknown" }, { up: 1, isFull: true }, call), {
    ...failed("overloaded", "unknown", "the one instance of orders version 2 takes no calls at the moment"),
    retryAfterMs: 1000,
  });
});

test("a refusal that the call has met is word enough", async () => {
  for (const up of [0, 1]) {
    const call = aCall();
    call.earlier = [{ instance: "a", code: "overloaded", status: 503, afterMs: 0, ms: 1 }];
    const outcome = await run(none, { up, isFull: false }, call);
    assert.equal(outcome.kind === "failed" && outcome.code, "overloaded");
  }
});

test("instances that are up for another reason take no calls either, and may soon", async () => {
  assert.deepEqual(await run(none, { up: 2, isFull: false }), {
    ...failed("no-instance", "no", "none of the 2 instances of orders takes calls at the moment"),
    retryAfterMs: 1000,
  });
});

test("where nobody is up, and for all other outcomes, nothing is said", async () => {
  assert.equal(await run(none, { up: 0, isFull: false }), none);
  for (const outcome of [replied, failed("gone", "unknown", "x")])
    assert.equal(await run(outcome, { up: 1, isFull: true }), outcome);
});
