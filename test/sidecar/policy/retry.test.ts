import assert from "node:assert/strict";
import { test } from "node:test";
import { RETRY } from "../../../sidecar/policy/retry.ts";
import { type Body, wholeBody } from "../../../sidecar/stack/body.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import { type Failed, failed, type Outcome, refused } from "../../../sidecar/stack/outcome.ts";
import { LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { seeded } from "../../support/random.ts";
import { CODES, none, reset, scene, unavailable } from "./retry-scene.ts";
import { codeOf, replied } from "./scene.ts";

test("what no app has seen is tried again, twice, whatever the method, and each attempt is numbered", async () => {
  const { attempts, run } = scene([none, failed("draining", "no", "x"), replied]);
  assert.equal(codeOf(await run(aCall({ method: "POST" }))), 200);
  assert.deepEqual(attempts, [1, 2, 3]);
});

test("the last failure is returned when the attempts are used up, and nothing is left behind", async () => {
  const { attempts, run, sweep } = scene([none]);
  assert.equal(await run(aCall()), none);
  assert.equal(attempts.length, 3);
  assert.equal(sweep.size, 0);
});

test("without a policy nothing else is tried again", async () => {
  for (const outcome of [
    ...[reset, failed("gone", "unknown", "x"), failed("denied", "no", "x"), failed("broker-away", "no", "x")],
    ...[replied, unavailable(), refused("overflow", "x")],
  ]) {
    const { attempts, run } = scene([outcome]);
    assert.equal(await run(aCall()), outcome);
    assert.equal(attempts.length, 1, codeOf(outcome).toString());
  }
});

test("with a policy also what broke on the way, and the answers that it names", async () => {
  for (const code of [
    "app-reset",
    "attempt-timeout",
    "gone",
    "lost",
    "broken-stream",
    "broker-lost",
  ] as const) {
    const { run } = scene([failed(code, "unknown", "x"), replied], { ...RETRY, codes: new Set() });
    assert.equal(codeOf(await run(aCall())), 200, code);
  }
  for (const [status, attempts] of [[503, 3] as const, [500, 1] as const, [404, 1] as const]) {
    const one = scene([{ ...replied, status }], CODES);
    assert.equal(codeOf(await one.run(aCall())), status);
    assert.equal(one.attempts.length, attempts);
  }
  for (const outcome of [failed("app-protocol", "unknown", "x"), failed("deadline", "unknown", "x")]) {
    const one = scene([outcome], CODES);
    assert.equal(await one.run(aCall()), outcome);
    assert.equal(one.attempts.length, 1);
  }
});

test("what an app may have seen is tried again only when that is safe", async () => {
  for (const [method, headers, isSafe] of [
    ...["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].map((method) => [method, "", true] as const),
    ...["POST", "PATCH", "LOCK", "get"].map((method) => [method, "", false] as const),
    ["POST", "Idempotency-Key: 8e03978e\r\n", true] as const,
    ["POST", "Idempotency-Key: \r\n", false] as const,
  ]) {
    for (const outcome of [reset, unavailable()]) {
      const { run } = scene([outcome, replied], CODES);
      const ended = codeOf(await run(aCall({ method, headers })));
      assert.equal(ended, isSafe ? 200 : codeOf(outcome), `${method} ${headers}`);
    }
  }
});

test("a body can be sent again up to 64 KiB, and only when all of it is here", async () => {
  const put = (body: Body) => aCall({ method: "PUT", body });
  for (const [body, ended] of [
    [wholeBody(Buffer.alloc(65_536)), 200] as const,
    [wholeBody(Buffer.alloc(65_537)), 503] as const,
  ])
    assert.equal(codeOf(await scene([unavailable(), replied], CODES).run(put(body))), ended);
  // No byte of it has left: then what is here is enough.
  assert.equal(codeOf(await scene([none, replied]).run(put(new LiveBody("part")))), 200);
  const spent = aCall();
  spent.spent = true;
  assert.equal(await scene([none, replied]).run(spent), none);
  const upgrade = aCall({ upgrade: "websocket", body: new LiveBody("", "none") });
  assert.equal(codeOf(await scene([unavailable(), replied], CODES).run(upgrade)), 503);
});

test("the body of an answer that is not used is abandoned before the next attempt, and only that", async () => {
  const bodies = [new LiveBody("1"), new LiveBody("2"), new LiveBody("3")];
  const { run } = scene(
    bodies.map((body) => unavailable("", body)),
    CODES,
  );
  const outcome = await run(aCall());
  assert.ok(outcome.kind === "replied" && outcome.body === bodies[2]);
  assert.deepEqual(
    bodies.map(({ abandoned }) => abandoned),
    ["cancelled", "cancelled", undefined],
  );
});

test("with no attempts calls are only counted", async () => {
  const { run, attempts, budget } = scene([none], { ...CODES, attempts: 0 });
  assert.equal(await run(aCall()), none);
  assert.equal(attempts.length, 1);
  assert.deepEqual(budget.read(0), { calls: 1, taken: 0, refused: 0, left: 10 });
});

test("each attempt begins where the route aimed, whatever the last one was turned to", async () => {
  const { layer, pass } = scene([]);
  const seen: unknown[] = [];
  const outcome = layer(async (call) => {
    seen.push(call.target);
    call.target = { kind: "instance", instance: "o1" };
    return none;
  })(aCall({ target: { kind: "version", version: "2" } }));
  for (let i = 0; i < 6; i++) await pass(0);
  await outcome;
  assert.deepEqual(seen, Array(3).fill({ kind: "version", version: "2" }));
});

test("a call of which an app may have seen an attempt is not called unseen because the last was not", async () => {
  const { run } = scene([reset, none], CODES);
  assert.deepEqual(await run(aCall()), { ...none, delivered: "unknown" });
  const left = scene([reset], CODES, { random: () => 1 });
  const call = aCall();
  const outcome = left.layer(left.service)(call);
  await new Promise(setImmediate);
  call.cancel("cancelled");
  assert.deepEqual(await outcome, failed("cancelled", "unknown", "the call ended between two attempts"));
});

test("what no app has seen costs no budget, but for a callee that is overloaded", async () => {
  for (const [code, taken] of [
    ["no-instance", 0],
    ["draining", 0],
    ["app-unreachable", 0],
    ["overloaded", 2],
  ] as const) {
    const { run, budget } = scene([failed(code, "no", "x")]);
    await run(aCall());
    assert.equal(budget.read(0).taken, taken, code);
  }
});

test("over the budget the app's answer stands as it is, and a failure says whose fault the end is", async () => {
  const body = new LiveBody("sorry");
  for (const [outcome, expected] of [
    [unavailable("", body), undefined] as const,
    [
      reset,
      failed("retry-budget", "unknown", "it broke (app-reset), and the retry budget of orders is used up"),
    ] as const,
  ]) {
    const { run, budget, attempts } = scene([outcome], { ...CODES, attempts: 1 });
    while (budget.take(0));
    assert.deepEqual(await run(aCall()), expected ?? outcome);
    assert.equal(attempts.length, 1);
    assert.equal(budget.read(0).refused, 2);
  }
  assert.equal(body.abandoned, undefined);
});

test("over the budget a refusal that no app has seen stays what it is, with all that it asks for; else its fields stay", async () => {
  const refusal = {
    ...failed("overloaded", "no", "every place is in use"),
    retryAfterMs: 1000,
    headers: "x: y\r\n",
  };
  const told = "and the retry budget of orders is used up";
  const one = scene([refusal]);
  while (one.budget.take(0));
  assert.deepEqual(await one.run(aCall()), { ...refusal, message: `every place is in use, ${told}` });

  const two = scene([reset, refusal], CODES);
  while (two.budget.read(0).left > 1) two.budget.take(0);
  assert.deepEqual(await two.run(aCall()), {
    ...refusal,
    ...{ code: "retry-budget", delivered: "unknown" },
    message: `every place is in use (overloaded), ${told}`,
  });
});

test("calls that are refused before others leave half of the budget to the urgent ones", async () => {
  const full = failed("overloaded", "no", "o1 is full");
  const isLesser = ({ head }: Call) => head.headers === "u=7";
  const { run, budget } = scene([full], CODES, { isLesser });
  for (let i = 0; i < 20; i++) await run(aCall({ headers: "u=7" }));
  const last = (await run(aCall({ headers: "u=7" }))) as Failed;
  assert.match(last.message, /the retry budget of orders is used up but for urgent calls/);
  const before = budget.read(0).taken;
  const urgent = aCall();
  const outcome = (await run(urgent)) as Failed;
  assert.deepEqual([urgent.attempt, outcome.message], [3, "o1 is full"]);
  assert.equal(budget.read(0).taken, before + 2);
});

test("what is above the rate of one instance is offered to another, once and within the budget", async () => {
  const limited = (n: number): Outcome => ({
    ...{
      ...failed("rate-limited", "no", "too many"),
      isLocal: true,
      retryAfterMs: n,
      headers: `x: ${n}\r\n`,
    },
  });
  const taken = scene([limited(1), replied]);
  assert.equal(codeOf(await taken.run(aCall())), 200);
  assert.equal(taken.budget.read(0).taken, 1);

  const all = scene([limited(1), limited(2), replied]);
  assert.deepEqual(await all.run(aCall()), limited(2), "the last refusal, with its fields");

  for (const [outcome, parts] of [
    [failed("rate-limited", "no", "of all"), {}] as const,
    [limited(1), { hasOther: () => false }] as const,
  ]) {
    const one = scene([outcome, replied], RETRY, parts);
    assert.deepEqual(await one.run(aCall()), outcome);
    assert.deepEqual([one.attempts.length, one.budget.read(0).taken], [1, 0]);
  }
  const poor = scene([limited(1), replied]);
  while (poor.budget.take(0));
  const { code, headers } = (await poor.run(aCall())) as Failed;
  assert.deepEqual([code, headers], ["rate-limited", "x: 1\r\n"]);
});

test("a service that fails every call sees at most a fifth more than it is offered, and the floor", async () => {
  const { pass, layer, budget } = scene([], { ...CODES, attempts: 10 }, { random: seeded(7) });
  let seen = 0;
  const service = layer(async () => {
    seen++;
    return unavailable();
  });
  let offered = 0;
  let nowMs = 0;
  for (; nowMs < 20_000; nowMs += 20) {
    for (let i = 0; i < 4; i++) {
      offered++;
      void service(aCall({ timeoutMs: 5000 }, nowMs));
    }
    await pass(20);
    assert.ok(seen <= 1.2 * offered + (10 * (nowMs + 1000)) / 1000, `${seen} of ${offered} at ${nowMs}`);
  }
  assert.ok(seen >= 1.19 * offered + (10 * nowMs) / 1000, "and what it allows is used");
  assert.deepEqual([budget.read(nowMs).calls, budget.read(nowMs).taken], [offered, seen - offered]);
});
