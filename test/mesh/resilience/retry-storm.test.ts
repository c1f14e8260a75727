import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ask } from "../../support/ask.ts";
import { crowd } from "../../support/crowd.ts";
import type { SidecarUnderTest } from "../../support/mesh.ts";
import { policy, type RoutedMesh, routedMesh } from "../../support/routed-mesh.ts";
import { type Deed, Fleet } from "./fleet.ts";

/** Further attempts in each second that every caller has whatever its calls: the default. */
const FLOOR = 10;

interface Offer {
  /** Calls that apps made. */
  readonly calls: number;
  readonly seconds: number;
  /** Statuses, and codes of the mesh, with how often they were the answer. */
  readonly answers: Readonly<Record<string, number>>;
}

/** Several apps call without a pause, for so long as it takes. */
async function offer(
  t: TestContext,
  callers: readonly SidecarUnderTest[],
  callsEach: number,
  method = "GET",
): Promise<Offer> {
  const answers: Record<string, number> = {};
  const startedAt = performance.now();
  const call = async ({ listen }: SidecarUnderTest, options: Parameters<typeof ask>[3]) => {
    const { status, headers } = await ask(listen, "orders.mesh", "/", options);
    const answer = `${status}${headers["weft-error"] === undefined ? "" : ` ${headers["weft-error"]}`}`;
    answers[answer] = (answers[answer] ?? 0) + 1;
  };
  await Promise.all(
    callers.map((caller) => crowd(t, callsEach, (_, agent) => call(caller, { agent, method }), 6)),
  );
  return { calls: callers.length * callsEach, seconds: (performance.now() - startedAt) / 1000, answers };
}

/** Three callers of two instances that fail every call. */
async function storm(t: TestContext, mesh: RoutedMesh, deed: Deed, spec: object) {
  const fleet = new Fleet(t, mesh);
  for (let i = 0; i < 2; i++) await fleet.add(deed);
  const callers = [];
  for (const service of ["shop", "shop", "desk"]) callers.push(await mesh.caller(service));
  await mesh.apply(policy("orders", { breaker: { consecutiveFailures: 0 }, ...spec }));
  for (const caller of callers) await fleet.isKnownTo(caller);
  return { fleet, callers };
}

/** What the backend may see at most: 1.2 × the offered load, and each caller's floor. */
const most = ({ calls, seconds }: Offer, callers: number): number =>
  1.2 * calls + callers * FLOOR * (seconds + 1);

test("a backend that fails every call sees at most 1.2 × the offered load and the floor", async (t) => {
  const mesh = await routedMesh(t);
  const failing = { status: 503 };
  const { fleet, callers } = await storm(t, mesh, failing, { retry: { codes: [503], attempts: 3 } });

  const offered = await offer(t, callers, 1000);
  const seen = fleet.seen.length;
  const told = `${seen} seen of ${offered.calls} in ${offered.seconds.toFixed(1)} s`;
  t.diagnostic(told);
  assert.ok(seen <= most(offered, callers.length), told);
  // The budget is there to be used, too.
  assert.ok(seen >= 1.1 * offered.calls, told);
  assert.deepEqual(offered.answers, { 503: offered.calls }, "over the budget the app's own answer stands");

  // With POST there is nothing to try again.
  fleet.forget();
  await offer(t, callers, 100, "POST");
  assert.equal(fleet.seen.length, 300);

  // The callers go on as before when the backend has recovered.
  fleet.forget();
  for (const member of fleet.members) member.deed = {};
  const after = await offer(t, callers, 100);
  assert.deepEqual(after.answers, { 200: 300 });
  assert.equal(fleet.seen.length, 300);
});

test("so does one that breaks every connection, and whoever gets no further attempt is told why", async (t) => {
  const mesh = await routedMesh(t);
  const { fleet, callers } = await storm(t, mesh, { instead: "reset" }, { retry: { attempts: 3 } });
  const offered = await offer(t, callers, 400);
  const told = `${fleet.seen.length} seen of ${offered.calls} in ${offered.seconds.toFixed(1)} s`;
  t.diagnostic(told);
  assert.ok(fleet.seen.length <= most(offered, callers.length), told);
  const { "502 app-reset": reset = 0, "503 retry-budget": overBudget = 0, ...others } = offered.answers;
  assert.deepEqual(others, {});
  assert.ok(overBudget > offered.calls / 2, `${overBudget} of ${offered.calls}; ${reset} used all attempts`);
});

test("without the budget the same callers would make a storm of it", async (t) => {
  const mesh = await routedMesh(t);
  const { fleet, callers } = await storm(
    t,
    mesh,
    { status: 503 },
    {
      retry: { codes: [503], attempts: 3, backoff: "1ms" },
      retryBudget: { percent: 0, minRetryRate: 100_000 },
    },
  );
  const { calls } = await offer(t, callers, 100);
  assert.equal(fleet.seen.length, 4 * calls);
});

test("an app that closes kept connections on what it has read sees it once with retries off, else within the budget", async (t) => {
  const mesh = await routedMesh(t);
  const fleet = new Fleet(t, mesh);
  await fleet.add();
  const shop = await mesh.caller("shop");
  fleet.script("/reset", { instead: "reset" });
  const round = async (calls: number) => {
    fleet.forget();
    // Each second call leaves a connection for the one that breaks it.
    for (let i = 0; i < calls; i++)
      for (const path of ["/good", "/reset"]) await ask(shop.listen, "orders.mesh", path);
    return fleet.of("/reset");
  };
  await mesh.apply(policy("orders", { breaker: { consecutiveFailures: 0 }, retry: { attempts: 0 } }));
  await fleet.isKnownTo(shop);
  assert.equal((await round(20)).length, 20);
  const retryBudget = { percent: 20, minRetryRate: 0 };
  await mesh.apply(policy("orders", { breaker: { consecutiveFailures: 0 }, retryBudget }));
  const seen = await round(50);
  const again = seen.filter(({ headers }) => headers["weft-asked-again"] === "1");
  assert.equal(seen.length - again.length, 50);
  assert.ok(again.length > 0 && again.length <= 0.2 * (2 * 50 + 2 * 20 + 20), `${again.length} again`);
});
