import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { AuthorityTeller } from "../../src/control/access/teller.ts";
import type { RenewalWish } from "../../src/control/renew/wire.ts";
import type { AccessAnswer, AccessReport } from "../../src/identity/wire.ts";
import { meshWith, policyWith } from "../access/scene.ts";
import { silentLog } from "../registry/beats.ts";
import { turns } from "../support/fake-clock.ts";
import { aPolicy, editors } from "./editor-scene.ts";

/** A registry whose authority answers as the test says. */
async function scene(t: TestContext) {
  const { clock, held, editor } = await editors(t);
  const reports: AccessReport[] = [];
  const wishes: RenewalWish[] = [];
  const authority = { answer: { taken: true, issuedBefore: 0, services: [] } as AccessAnswer, isAway: false };
  const teller = new AuthorityTeller({
    ...{ held, clock, log: silentLog, sidecars: () => 1000 },
    renewals: { ask: (wish) => wishes.push(wish) },
    tell: async (report) => {
      reports.push(report);
      if (authority.isAway) throw new Error("nobody answers");
      return [authority.answer];
    },
  });
  teller.start();
  t.after(() => teller.stop());
  await turns();
  const apply = async (...values: unknown[]) => {
    await editor.apply(values, { dryRun: false, by: "t", allowUnknown: true });
    await turns();
  };
  return { clock, teller, reports, wishes, authority, apply };
}

const orders = policyWith({ rules: [{ name: "orders", from: { services: ["orders"] } }] });

test("each change is told, and whom it concerns is asked to renew, once", async (t) => {
  const { clock, teller, reports, wishes, authority, apply } = await scene(t);
  assert.deepEqual(reports[0]!.table, { default: "allow", callees: {} });
  authority.answer = { taken: true, issuedBefore: clock.unix(), services: ["web"] };
  await apply(orders, meshWith({ default: "deny" }));
  assert.deepEqual(reports.at(-1)!.table, {
    ...{ default: "deny", callees: { payments: { others: "deny", except: ["orders"] } } },
  });
  await apply(aPolicy("billing"));
  assert.deepEqual(wishes, [
    { issuedBefore: authority.answer.issuedBefore, services: ["web"], withinMs: 10_000 },
  ]);
  assert.deepEqual(teller.state, { kind: "told", revision: 2 });
});

test("callers are asked when the callees have renewed: the authority says when to be told again", async (t) => {
  const { clock, reports, wishes, authority, apply } = await scene(t);
  const first = { taken: true, issuedBefore: clock.unix(), services: ["payments", "web"], againInMs: 11_500 };
  authority.answer = first;
  await apply(orders);
  assert.deepEqual([reports.length, reports.at(-1)!.withinMs, wishes.length], [2, 10_000, 1]);
  authority.answer = { taken: true, issuedBefore: clock.unix() + 11_500, services: ["web"] };
  clock.advance(11_500);
  await turns();
  assert.deepEqual(
    wishes.map(({ services }) => services),
    [["payments", "web"], ["web"]],
  );
});

test("an authority that is away holds up no change, and is told until it answers", async (t) => {
  const { clock, teller, reports, authority, apply } = await scene(t);
  authority.isAway = true;
  await apply(orders);
  assert.deepEqual(
    { ...teller.state, since: 0 },
    { kind: "behind", revision: 0, since: 0, cause: "nobody answers" },
  );
  for (let i = 0; i < 5; i++) {
    clock.advance(10_000);
    await turns();
  }
  assert.equal(reports.length, 7);
  authority.isAway = false;
  clock.advance(10_000);
  await turns();
  assert.deepEqual(teller.state, { kind: "told", revision: 1 });
});

test("it is told again now and then, for an authority that has lost its table", async (t) => {
  const { clock, reports } = await scene(t);
  clock.advance(5 * 60_000);
  await turns();
  assert.equal(reports.length, 2);
});

test("what was issued long ago has ended, and nobody need renew it", async (t) => {
  const { clock, wishes, authority, apply } = await scene(t);
  authority.answer = { taken: true, issuedBefore: clock.unix() - 2 * 86_400_000 };
  await apply(orders);
  assert.deepEqual(wishes, []);
});

test("whom the broker does not hold back is known, as the authorities say it last", async (t) => {
  const { teller, authority, apply } = await scene(t);
  authority.answer = { ...authority.answer, unlisted: ["web", "*"] };
  await apply(orders);
  assert.deepEqual(teller.state, { kind: "told", revision: 1, unlisted: ["*", "web"] });
  authority.answer = { taken: true, issuedBefore: 0, services: [] };
  await apply(aPolicy("billing"));
  assert.deepEqual(teller.state, { kind: "told", revision: 2 });
});
