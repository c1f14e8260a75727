import assert from "node:assert/strict";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { AccessBook } from "../../src/identity/authority/access-book.ts";
import type { CalleeTable } from "../../src/subjects/callee-table.ts";
import { stateFolder } from "../support/state.ts";

const tableOf = (...callers: string[]): CalleeTable => ({
  default: "allow",
  callees: { payments: { others: "deny", except: callers } },
});

function book(t: TestContext) {
  const state = stateFolder(t);
  mkdirSync(join(state, "authority"), { mode: 0o700 });
  return { state, open: () => new AccessBook(state), file: join(state, "authority", "access.json") };
}

test("what was told is kept, and the authority that starts again grants no more than before", (t) => {
  const { open, file } = book(t);
  const first = open();
  assert.deepEqual([first.calleesOf("shop"), first.isGuarded("payments")], [{}, false]);
  first.take({ lineage: "a", revision: 3, table: tableOf("orders") }, 1000);
  const second = open();
  assert.deepEqual(second.calleesOf("shop"), { not: ["payments"] });
  assert.deepEqual(second.calleesOf("orders"), {});
  assert.equal(second.isGuarded("payments"), true);
  assert.equal(statSync(file).mode & 0o077, 0);
});

test("each change says who is to renew, and says it again to a registry that tells the same", (t) => {
  const access = book(t).open();
  const take = (revision: number, table: CalleeTable, now: number, lineage = "a") =>
    access.take({ lineage, revision, table }, now);
  assert.deepEqual(take(1, tableOf("orders"), 1000), { taken: true, issuedBefore: 1001 });
  assert.deepEqual(take(2, tableOf("orders", "web"), 2000), {
    ...{ taken: true, issuedBefore: 2001, services: ["web"] },
  });
  assert.deepEqual(take(2, tableOf("orders", "web"), 3000).issuedBefore, 2001);
  // A change of policy that changes nothing here.
  assert.deepEqual(take(5, tableOf("web", "orders"), 4000), {
    ...{ taken: true, issuedBefore: 2001, services: ["web"] },
  });
});

test("a replica that lags behind changes nothing, and another lineage does", (t) => {
  const access = book(t).open();
  access.take({ lineage: "a", revision: 9, table: tableOf("orders") }, 1000);
  const late = access.take({ lineage: "a", revision: 8, table: { default: "allow", callees: {} } }, 2000);
  assert.equal(late.taken, false);
  assert.deepEqual(access.calleesOf("shop"), { not: ["payments"] });
  access.take({ lineage: "b", revision: 1, table: { default: "allow", callees: {} } }, 3000);
  assert.deepEqual(access.calleesOf("shop"), {});
});

test("a damaged file is never taken for leave to call everybody", (t) => {
  const { open, file } = book(t);
  writeFileSync(file, "{", { mode: 0o600 });
  assert.throws(open, /access\.json is damaged: remove it/);
});

test("a list that no JWT could carry is left to the callees", (t) => {
  const access = book(t).open();
  const callees = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`service-${i}`, { others: "deny", except: [] }] as const),
    );
  access.take({ lineage: "a", revision: 1, table: { default: "allow", callees: callees(500) } }, 0);
  assert.equal(access.calleesOf("shop").not?.length, 500);
  access.take({ lineage: "a", revision: 2, table: { default: "allow", callees: callees(5000) } }, 0);
  assert.deepEqual(access.calleesOf("shop"), {});
});
