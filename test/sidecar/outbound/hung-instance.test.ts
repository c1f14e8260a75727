import assert from "node:assert/strict";
import { test } from "node:test";
import { balance } from "../../../sidecar/balance/balance.ts";
import { fieldValue } from "../../../sidecar/http/header-block.ts";
import { hedge } from "../../../sidecar/policy/hedge.ts";
import { RETRY_BUDGET, RetryBudget } from "../../../sidecar/policy/retry-budget.ts";
import type { Service } from "../../../sidecar/stack/call.ts";
import { failed } from "../../../sidecar/stack/outcome.ts";
import { Sweep } from "../../../sidecar/stack/sweep.ts";
import { aCall } from "../../support/calls.ts";
import { aBalancer, answer, rows } from "../balance/scene.ts";

const DELAY_MS = 50;

/** Two instances behind a hedge and a balancer that goes round; `slow` says after how long `a` answers. */
const scene = (slow: (call: number) => number) => {
  let now = 0;
  const sweep = new Sweep(() => now);
  const ejected: string[] = [];
  const balancer = aBalancer({
    balance: { policy: "round-robin" },
    parts: { ejected: ({ instance }) => void ejected.push(instance) },
  });
  balancer.update(rows(2), now);
  let calls = 0;
  const due: { at: number; answer: () => void }[] = [];
  const leaf: Service = (call) =>
    new Promise((resolve) => {
      const isSlow = call.target.kind === "instance" && call.target.instance === "a";
      // Nobody confirms that it has the call: a hung sidecar, or a delay that is shorter than the receipt takes.
      call.onCancel = (code) => resolve(failed(code, "unknown", ""));
      due.push({ at: now + (isSlow ? slow(calls) : 1), answer: () => resolve(answer(200)) });
    });
  const service = hedge(
    { attempts: 1, delay: DELAY_MS },
    {
      ...{ sweep, budget: new RetryBudget({ ...RETRY_BUDGET, minPerSecond: 1000 }), field: fieldValue },
      apart: (next, { target }) => {
        if (target.kind === "instance") next.tried = [target.instance];
      },
      hedged: () => undefined,
      isLesser: () => false,
    },
  )(
    balance(
      () => balancer,
      () => now,
    )(leaf),
  );
  const run = async () => {
    const call = Object.assign(aCall(), { tried: undefined });
    calls++;
    let isOver = false;
    const outcome = service(call).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      now++;
      for (const one of due.splice(0)) {
        if (one.at <= now) one.answer();
        else due.push(one);
      }
      sweep.tick();
      await new Promise(setImmediate);
    }
    return { call, outcome: await outcome };
  };
  return { run, balancer, ejected, now: () => now };
};

test("an instance that never answers is ejected though each of its calls is answered by another", async () => {
  const { run, balancer, ejected, now } = scene(() => Number.POSITIVE_INFINITY);
  let hedged = 0;
  for (let i = 0; i < 60 && ejected.length === 0; i++) {
    const { call, outcome } = await run();
    assert.equal(outcome.kind, "replied");
    if (call.earlier === undefined) continue;
    hedged++;
    assert.deepEqual(
      call.earlier.map(({ instance, code, ms }) => [instance, code, ms]),
      [["a", "outrun", DELAY_MS + 1]],
    );
    assert.ok(balancer.endpoint("a")!.latency.at(now()) >= DELAY_MS, "it is known to be slow");
  }
  assert.deepEqual([ejected, hedged], [["a"], 21]);
  for (let i = 0; i < 10; i++) assert.equal((await run()).call.earlier, undefined, "nobody waits for it");
});

test("one that is slower now and then is not ejected", async () => {
  // Ten in a row that lose, and then one that wins, again and again.
  const { run, ejected } = scene((call) => (call % 22 < 20 ? 200 : 1));
  for (let i = 0; i < 400; i++) await run();
  assert.deepEqual(ejected, []);
});
