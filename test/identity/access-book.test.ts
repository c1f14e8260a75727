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
  assert.deepEqual([first.calleesOf("shop", 0), first.isGuarded("payments")], [{}, false]);
  first.take({ lineage: "a", revision: 3, table: tableOf("orders") }, 1000);
  const second = open();
  assert.deepEqual(second.calleesOf("shop", 9000), { not: ["payments"] });
  assert.deepEqual(second.calleesOf("orders", 9000), {});
  assert.equal(second.isGuarded("payments"), true);
  assert.equal(statSync(file).mode & 0o077, 0);
});

test("each change says who is to renew, and says it again to a registry that tells the same", (t) => {
  const access = book(t).open();
  const take = (revision: number, table: CalleeTable, now: number, lineage = "a") =>
    access.take({ lineage, revision, table }, now);
  assert.deepEqual(take(1, tableOf("orders"), 1000), { taken: true, issuedBefore: 1001 });
  assert.deepEqual(take(2, tableOf("orders", "web"), 2000), {
    ...{ taken: true, issuedBefore: 2001, services: ["payments", "web"], againInMs: 3500 },
  });
  assert.deepEqual(take(2, tableOf("orders", "web"), 3000).issuedBefore, 2001);
  // A change of policy that changes nothing here.
  assert.deepEqual(take(5, tableOf("web", "orders"), 4000), {
    ...{ taken: true, issuedBefore: 2001, services: ["payments", "web"], againInMs: 1500 },
  });
});

test("a replica that lags behind changes nothing, and another lineage does", (t) => {
  const access = book(t).open();
  access.take({ lineage: "a", revision: 9, table: tableOf("orders") }, 1000);
  const late = access.take({ lineage: "a", revision: 8, table: { default: "allow", callees: {} } }, 2000);
  assert.equal(late.taken, false);
  assert.deepEqual(access.calleesOf("shop", 9000), { not: ["payments"] });
  access.take({ lineage: "b", revision: 1, table: { default: "allow", callees: {} } }, 3000);
  assert.deepEqual(access.calleesOf("shop", 9000), {});
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
  assert.equal(access.calleesOf("shop", 9000).not?.length, 500);
  assert.deepEqual(access.unlisted(9000), ["*"], "of the longest names");
  const again = access.take({ lineage: "a", revision: 1, table: { default: "allow", callees: {} } }, 9000);
  assert.deepEqual(again.unlisted, ["*"], "the registry is told each time");
  access.take({ lineage: "a", revision: 2, table: { default: "allow", callees: callees(5000) } }, 0);
  assert.deepEqual(access.calleesOf("shop", 9000), {});
  assert.deepEqual(access.callersOf("service-1", 9000), {}, "who can send must hear that it may not");
});

test("whom one may answer follows who may call it, and both lists fit into one JWT", (t) => {
  const access = book(t).open();
  const names = Array.from({ length: 1500 }, (_, i) => `service-${i}`);
  const callees = {
    payments: { others: "deny", except: ["orders"] },
    stock: { others: "allow", except: ["shop"] },
    closed: { others: "deny", except: [] },
    popular: { others: "deny", except: names },
    busy: { others: "deny", except: names.slice(0, 400) },
  } as const;
  access.take({ lineage: "a", revision: 1, table: { default: "allow", callees } }, 0);
  assert.deepEqual(access.callersOf("payments", 0), {}, "who could call it a moment ago is still told no");
  const now = 9000;
  assert.deepEqual(access.callersOf("payments", now), { only: ["orders"] });
  assert.deepEqual(access.callersOf("stock", now), { not: ["shop"] });
  assert.deepEqual(access.callersOf("closed", now), { only: [] });
  assert.deepEqual(access.callersOf("shop", now), {});
  assert.equal(access.callersOf("busy", now).only?.length, 400);
  assert.deepEqual([access.callersOf("popular", now), access.unlisted(now)], [{}, []]);
});

test("one whose own list is too long may send to all, so all may answer it", (t) => {
  const access = book(t).open();
  const open = Array.from(
    { length: 2000 },
    (_, i) => [`service-${i}`, { others: "deny", except: ["edge"] }] as const,
  );
  const callees = { ...Object.fromEntries(open), payments: { others: "deny", except: ["orders"] } } as const;
  access.take({ lineage: "a", revision: 1, table: { default: "deny", callees } }, 0);
  assert.deepEqual([access.calleesOf("edge", 9000), access.unlisted(9000)], [{}, ["edge"]]);
  assert.deepEqual(access.callersOf("payments", 9000), { only: ["edge", "orders"] });
  assert.deepEqual(access.callersOf("other", 9000), { only: ["edge"] });
});

test("what is newly allowed is given to the callee, and when that has renewed, to the caller", (t) => {
  const { open } = book(t);
  const access = open();
  access.take({ lineage: "a", revision: 1, table: tableOf("orders") }, 0);
  const report = { lineage: "a", revision: 2, table: tableOf("web"), withinMs: 500 };
  assert.deepEqual(access.take(report, 10_000), {
    ...{ taken: true, issuedBefore: 10_001, services: ["orders", "payments", "web"], againInMs: 2000 },
  });
  for (const one of [access, open()]) {
    assert.deepEqual(one.callersOf("payments", 11_999), { only: ["orders", "web"] });
    assert.deepEqual(one.calleesOf("web", 11_999), { not: ["payments"] });
    assert.deepEqual(one.calleesOf("orders", 11_999), { not: ["payments"] });
    assert.deepEqual(one.callersOf("payments", 12_000), { only: ["web"] });
    assert.deepEqual(one.calleesOf("web", 12_000), {});
  }
  assert.deepEqual(access.take(report, 11_000), {
    ...{ taken: true, issuedBefore: 10_001, services: ["orders", "payments", "web"], againInMs: 1000 },
  });
  const second = { taken: true, issuedBefore: 12_001, services: ["orders", "web"] };
  assert.deepEqual(access.take(report, 12_000), second);
  assert.deepEqual(access.take(report, 13_000), second);
});
