import assert from "node:assert/strict";
import { test } from "node:test";
import { breakService } from "../../../sidecar/breaker/break-service.ts";
import { ConsecutiveFailures } from "../../../sidecar/breaker/consecutive.ts";
import { Guard } from "../../../sidecar/breaker/guard.ts";
import { verdictOf } from "../../../sidecar/breaker/verdict.ts";
import { NO_BODY } from "../../../sidecar/stack/body.ts";
import { failed, type Outcome, refused, statusOf } from "../../../sidecar/stack/outcome.ts";
import { CODES, type Code } from "../../../src/protocol/code.ts";
import { aCall } from "../../support/calls.ts";

const answer = (status: number): Outcome => ({
  ...{ kind: "replied", status, reason: "", headers: "", body: NO_BODY, instance: "a" },
});

const scene = () => {
  let now = 0;
  let seen = 0;
  let outcome: Outcome | Error = answer(500);
  const guard = new Guard({
    breaker: new ConsecutiveFailures(20),
    ...{ minPenaltyMs: 1000, maxPenaltyMs: 60_000, random: () => 0 },
    changed: () => undefined,
    ejected: () => undefined,
  });
  const service = breakService(
    guard,
    (ms) => ({ ...refused("overflow", "the service is left alone"), retryAfterMs: ms }),
    () => now,
  )(async () => {
    seen++;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  });
  return {
    guard,
    call: () => service(aCall()),
    seen: () => seen,
    pass: (ms: number) => {
      now += ms;
    },
    answers: (next: Outcome | Error) => {
      outcome = next;
    },
  };
};

test("a service that fails every call is left alone but for a probe now and then", async () => {
  const { call, seen, pass, answers } = scene();
  for (let i = 0; i < 100; i++) await call();
  assert.equal(seen(), 20);
  pass(400);
  const outcome = await call();
  assert.deepEqual([statusOf(outcome), outcome.kind === "refused" && outcome.retryAfterMs], [503, 600]);
  pass(600);
  for (let i = 0; i < 10; i++) await call();
  assert.equal(seen(), 21, "one probe, which fails");
  pass(2000);
  answers(answer(200));
  for (let i = 0; i < 10; i++) assert.equal((await call()).kind, "replied");
  assert.equal(seen(), 31);
});

test("only one call at a time is the probe", async () => {
  const { call, seen, pass } = scene();
  for (let i = 0; i < 20; i++) await call();
  pass(1000);
  await Promise.all([call(), call(), call()]);
  assert.equal(seen(), 21);
});

test("a bug in a probe does not hold up the next one", async () => {
  const { call, pass, answers, guard } = scene();
  for (let i = 0; i < 20; i++) await call();
  pass(1000);
  answers(new Error("a bug"));
  await assert.rejects(call());
  answers(answer(200));
  await call();
  assert.equal(guard.state, "admitting");
});

test("only what the app or its instance did is held against it", () => {
  const failures = (Object.keys(CODES) as Code[]).filter(
    (code) => verdictOf(failed(code, "unknown", "")) === "failure",
  );
  assert.deepEqual(failures.sort(), [
    ...["app-protocol", "app-reset", "attempt-timeout", "deadline", "gone", "lost"],
  ]);
  for (const code of Object.keys(CODES) as Code[]) {
    assert.equal(verdictOf(failed(code, "no", "")), "none", "no app has seen it");
    assert.equal(verdictOf(refused(code, "")), "none");
  }
  assert.deepEqual(
    [101, 200, 404, 429, 499, 500, 503, 599].map((status) => verdictOf(answer(status))),
    [...Array(5).fill("success"), ...Array(3).fill("failure")],
  );
});
