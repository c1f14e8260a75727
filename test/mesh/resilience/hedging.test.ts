import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ask } from "../../support/ask.ts";
import { crowd } from "../../support/crowd.ts";
import type { SidecarUnderTest } from "../../support/mesh.ts";
import { policy, routedMesh } from "../../support/routed-mesh.ts";
import { until } from "../../support/until.ts";
import { type Deed, type Fleet, fleetOf, timed } from "./fleet.ts";

const SLOW_MS = 400;
const SLOW: Deed = { afterMs: SLOW_MS };
const FAST: Deed = {};

/** Calls go round: else the balancer leaves the slow instance out, and there is nothing to hedge. */
const ROUND = { balance: { policy: "round-robin" }, breaker: { consecutiveFailures: 0 } };
const PLENTY = { retryBudget: { percent: 100, minRetryRate: 1000 } };

async function scene(
  t: TestContext,
  deeds: readonly Deed[],
  spec: object,
): Promise<{ fleet: Fleet; shop: SidecarUnderTest }> {
  const mesh = await routedMesh(t);
  const parts = await fleetOf(t, mesh, deeds);
  await mesh.apply(policy("orders", { ...ROUND, ...PLENTY, ...spec }));
  return parts;
}

interface Call {
  readonly status: number;
  readonly by: string;
  readonly tookMs: number;
}

/** Calls, some at a time, with what each came to; the fastest first. */
async function calls(
  t: TestContext,
  shop: SidecarUnderTest,
  times: number,
  options: { method?: string; body?: string } = {},
  workers = 8,
): Promise<Call[]> {
  const all = await crowd(
    t,
    times,
    async (i, agent): Promise<Call> => {
      const [answer, tookMs] = await timed(ask(shop.listen, "orders.mesh", `/${i}`, { ...options, agent }));
      return { status: answer.status, by: String(answer.headers.instance), tookMs };
    },
    workers,
  );
  return all.sort((a, b) => a.tookMs - b.tookMs);
}

const slowOf = (all: readonly Call[]): number => all.filter(({ tookMs }) => tookMs >= SLOW_MS - 10).length;

test("with one slow instance of two the tail is cut, and the app that lost hears of it", async (t) => {
  const { fleet, shop } = await scene(t, [{ afterMs: 5000 }, FAST], { hedge: { delay: "60ms" } });
  const [slow, fast] = fleet.members;
  const all = await calls(t, shop, 80);
  assert.ok(all.every(({ status, by }) => status === 200 && by === fast!.instance));
  assert.ok(all.at(-1)!.tookMs < 2500, `the slowest took ${all.at(-1)!.tookMs} ms`);

  const hedged = fleet.seen.length - all.length;
  assert.ok(slow!.seen.length >= 30, "it still gets its turns");
  assert.ok(hedged >= slow!.seen.length, "each of them was asked for elsewhere");
  for (const { path } of slow!.seen.filter(({ attempt }) => attempt === 1))
    assert.deepEqual(
      fleet.of(path).map(({ attempt, instance }) => [attempt, instance]),
      [
        [1, slow!.instance],
        [2, fast!.instance],
      ],
    );
  await until(() => slow!.seen.every(({ cancelled }) => cancelled), {
    withinMs: 1000,
    what: "the requests of the slow app to be cancelled",
  });
  assert.ok(fast!.seen.every(({ cancelled }) => !cancelled));
});

test("a call that is not safe to repeat is never hedged", async (t) => {
  const { fleet, shop } = await scene(t, [SLOW, FAST], { hedge: { delay: "30ms" } });
  const posts = await calls(t, shop, 16, { method: "POST", body: "once" });
  assert.ok(posts.every(({ status }) => status === 200));
  assert.equal(fleet.seen.length, 16);
  assert.deepEqual(fleet.counts(), [8, 8]);
  assert.equal(slowOf(posts), 8);
  assert.ok(fleet.seen.every(({ attempt, cancelled }) => attempt === 1 && !cancelled));
});

test("the first answer wins, also when it is the first attempt's, and a failure is no answer", async (t) => {
  const { fleet, shop } = await scene(t, [FAST, FAST], { hedge: { delay: "100ms" } });
  const race = async (path: string, ...deeds: Deed[]) => {
    fleet.script(path, ...deeds);
    const answer = await ask(shop.listen, "orders.mesh", path);
    const [first, second] = fleet.of(path);
    assert.ok(first !== undefined && second !== undefined, `${path} was hedged`);
    assert.notEqual(first.instance, second.instance);
    return { answer, first, second };
  };
  const early = await race("/first", { afterMs: 250 }, { afterMs: 2000 });
  assert.equal(early.answer.headers.instance, early.first.instance);
  await until(() => early.second.cancelled, { withinMs: 1000, what: "the second to be cancelled" });
  assert.equal(early.first.cancelled, false);

  const late = await race("/second", { afterMs: 2000 }, FAST);
  assert.equal(late.answer.headers.instance, late.second.instance);
  await until(() => late.first.cancelled, { withinMs: 1000, what: "the first to be cancelled" });

  for (const failure of [{ status: 503 }, { instead: "reset" }] as const) {
    const failing = await race(`/failing-${Object.values(failure)}`, { afterMs: 300 }, failure);
    assert.equal(failing.answer.status, 200);
    assert.equal(failing.answer.headers.instance, failing.first.instance);
  }
  const both = await race("/both", { status: 500, afterMs: 300 }, { instead: "reset" });
  assert.equal(both.answer.status, 500, "an app's answer rather than none");
});

test("hedges are within the retry budget: a slow service is not asked for more than a fifth more", async (t) => {
  const { fleet, shop } = await scene(t, [SLOW, SLOW], {
    ...{ hedge: { delay: "20ms", attempts: 3 }, retryBudget: { percent: 20, minRetryRate: 0 } },
  });
  const all = await calls(t, shop, 100, {}, 50);
  assert.ok(all.every(({ status }) => status === 200));
  const hedged = fleet.seen.length - 100;
  t.diagnostic(`${hedged} hedges for 100 calls`);
  // The calls that told of the instances brought a share, too.
  assert.ok(hedged >= 5 && hedged <= 24, `${hedged} hedges`);
});

test("the delay is learnt: what takes longer than nearly all others is asked for elsewhere", async (t) => {
  const { fleet, shop } = await scene(t, [FAST, FAST], { hedge: { percentile: 90 } });
  const usual = { afterMs: 10 };
  for (const member of fleet.members) member.deed = usual;
  const startedAt = performance.now();
  while (performance.now() - startedAt < 800) await calls(t, shop, 40);
  fleet.forget();
  const outliers = Array.from({ length: 10 }, (_, i) => `/outlier-${i}`);
  for (const path of outliers) fleet.script(path, { afterMs: 2000 }, usual);
  for (const path of outliers) {
    const [{ status }, tookMs] = await timed(ask(shop.listen, "orders.mesh", path));
    assert.equal(status, 200);
    assert.ok(tookMs < 1800, `${path} took ${tookMs} ms`);
    assert.equal(fleet.of(path).length, 2);
  }
  // Few of those that take as long as ever.
  fleet.forget();
  await calls(t, shop, 200);
  assert.ok(fleet.seen.length < 320, `${fleet.seen.length - 200} hedges for 200 usual calls`);
});

test("a call that ends takes all its attempts with it", async (t) => {
  const { fleet, shop } = await scene(t, [SLOW, SLOW], {
    ...{ hedge: { delay: "50ms" }, timeouts: { request: "200ms" } },
  });
  for (const member of fleet.members) member.deed = { instead: "silence" };
  const { headers, text } = await ask(shop.listen, "orders.mesh", "/ends");
  assert.equal(headers["weft-error"], "deadline", text);
  const seen = fleet.of("/ends");
  assert.equal(seen.length, 2);
  await until(() => seen.every(({ cancelled }) => cancelled), { withinMs: 1000 });
});
