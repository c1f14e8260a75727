import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { seeded } from "../../support/random.ts";
import { policy, routedMesh } from "../../support/routed-mesh.ts";
import { isGood, Offered, type OfferedEnd, waysOf } from "./offered.ts";
import { seenTwice, workingApp } from "./working-app.ts";

const LIMIT = 8;
const WORK_MS = 160;
const INSTANCES = 2;
const CAPACITY = (INSTANCES * LIMIT * 1000) / WORK_MS;
/** A caller does not wait for longer: what comes later is of no use to anybody. */
const PATIENCE_MS = 1000;

const random = seeded(7);

/**
 * Half of the usual time to one and a half of it, so that calls that began together do not end together. Each call that
 * is too many makes all of them slower, as in apps that run out of memory, threads or connections.
 */
const degrading = (running: number): number => WORK_MS * (0.5 + random()) * Math.max(1, running / LIMIT) ** 2;

const goodputOf = (ends: readonly OfferedEnd[], fromMs: number, toMs: number): number =>
  ends.filter((end) => isGood(end) && end.endedAt >= fromMs && end.endedAt < toMs).length /
  ((toMs - fromMs) / 1000);

async function overloaded(t: TestContext, limits: object) {
  const mesh = await routedMesh(t);
  const apps = await Promise.all(Array.from({ length: INSTANCES }, () => workingApp(t, degrading)));
  for (const app of apps) await mesh.serve("orders", app);
  await mesh.apply(policy("orders", { limits }));
  const callers = [await mesh.caller("shop"), await mesh.caller("portal")].map(({ listen }) => listen);
  /** Offers so many calls a second for so long, and gives back what came of it when the first moments are over. */
  const offer = async (prefix: string, perSecond: number, forMs: number) => {
    const startedAt = performance.now();
    const headers = { "weft-timeout": `${PATIENCE_MS}ms` };
    const method = (i: number) => (i % 2 === 0 ? "GET" : "POST");
    const offered = new Offered(t, callers, { perSecond, prefix, headers, method });
    await delay(forMs);
    const ends = await offered.stop();
    return { ends, goodput: goodputOf(ends, startedAt + 500, startedAt + forMs), startedAt };
  };
  return { apps, offer };
}

test("at three times what a service can do, its goodput stays, and all is well within five seconds after", async (t) => {
  const { apps, offer } = await overloaded(t, { maxConcurrency: LIMIT });
  const measured = async (round: number) => {
    const atCapacity = await offer(`peak${round}-`, CAPACITY, 2500);
    const over = await offer(`over${round}-`, 3 * CAPACITY, 2500);
    t.diagnostic(
      `capacity ${CAPACITY}/s, goodput ${Math.round(atCapacity.goodput)}/s at it and ${Math.round(over.goodput)}/s at three times (${JSON.stringify(waysOf(over.ends))})`,
    );
    return { over, peak: Math.max(atCapacity.goodput, over.goodput) };
  };
  let { over, peak } = await measured(1);
  // A machine with other work may have stood still in one of them: a service that breaks down never comes near.
  for (let round = 2; round <= 3 && over.goodput < 0.8 * peak; round++)
    ({ over, peak } = await measured(round));
  const after = await offer("after", CAPACITY / 2, 2500);
  assert.ok(peak > 0.5 * CAPACITY, `${peak}/s were good at best`);
  assert.ok(over.goodput >= 0.8 * peak, `${over.goodput}/s were good, of ${peak}/s`);
  for (const app of apps) assert.equal(app.most(), LIMIT);
  assert.deepEqual(seenTwice(apps), []);
  // Nobody waits long for a refusal.
  const refused = over.ends
    .filter((end) => !isGood(end))
    .map(({ startedAt, endedAt }) => endedAt - startedAt);
  refused.sort((a, b) => a - b);
  const median = refused[refused.length >> 1]!;
  assert.ok(median < PATIENCE_MS / 2, `half of the refusals took more than ${median} ms`);

  const late = after.ends.filter(({ startedAt }) => startedAt > after.startedAt + 1500);
  const good = late.filter(isGood).length;
  t.diagnostic(
    `of ${after.ends.length} calls after the overload ${after.ends.filter(isGood).length} were good`,
  );
  assert.ok(late.length > 20 && good >= 0.95 * late.length, `${good} of ${late.length} were good`);
});

test("at more than a service can do, the urgent calls are served and the others wait or are refused", async (t) => {
  const mesh = await routedMesh(t);
  const apps = await Promise.all(Array.from({ length: 3 }, () => workingApp(t, () => 100)));
  for (const app of apps) await mesh.serve("orders", app);
  const limits = {
    ...{ maxConcurrency: 4, priority: { shedBelow: 5 } },
    queue: { calls: 8, wait: "500ms" },
  };
  await mesh.apply(policy("orders", { limits }));
  const { listen } = await mesh.caller();
  // Of 120 a second that there is room for.
  const offers = Object.entries({ "u=0": 60, "u=3": 60, "u=6": 180 }).map(
    ([priority, perSecond]) =>
      new Offered(t, [listen], { perSecond, headers: { priority }, prefix: priority.replace("=", "") }),
  );
  await delay(4000);
  const [urgent, plain, least] = (await Promise.all(offers.map((offered) => offered.stop()))).map(waysOf);
  t.diagnostic(JSON.stringify({ urgent, plain, least }));
  for (const app of apps) assert.ok(app.most() <= 4);
  const { "200": served = 0, ...refused } = urgent!;
  const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0);
  // A machine that stands still for a moment makes a burst of them, for which no queue has room.
  assert.ok(
    refusals <= 0.03 * served,
    `${JSON.stringify(urgent)}: urgent ones are refused while others are served`,
  );
  assert.ok(least!["503 overloaded"]! > 300, "those below the line are refused");
});
