import assert from "node:assert/strict";
import { test } from "node:test";
import { calleeTable } from "../../src/access/callee-table.ts";
import { readResource } from "../../src/resources/read.ts";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import { type CalleeTable, calleesOf, callersOf, isGuarded } from "../../src/subjects/callee-table.ts";
import { callersBetween, mergeTables, openedBetween } from "../../src/subjects/compare-tables.ts";
import { meshOf, policyWith } from "./scene.ts";

const DENY = { default: "deny" };

/** The table of policies that are written by service. */
const tableOf = (written: Readonly<Record<string, object>>, mesh?: object): CalleeTable =>
  calleeTable(
    Object.entries(written).map(
      ([name, authorization]) =>
        readResource({ ...policyWith(authorization), metadata: { name } }, 0).resource as ServicePolicy,
    ),
    mesh && meshOf(mesh),
  );

const allow = (...services: string[]) => ({
  name: `of-${services[0] ?? "all"}`,
  ...(services.length ? { from: { services } } : {}),
});
const deny = (...services: string[]) => ({
  ...allow(...services),
  name: `not-${services[0] ?? "all"}`,
  action: "deny",
});
const onlyAdmin = { to: [{ paths: [{ value: "/admin" }] }] };

test("a callee is out of reach only for callers that may never call it", () => {
  const table = tableOf({
    payments: { rules: [allow("orders")] },
    stock: { rules: [deny("shop")] },
    mail: { rules: [{ ...deny(), ...onlyAdmin }] },
    files: { rules: [{ ...allow(), ...onlyAdmin }] },
    closed: { default: "deny" },
    secret: { rules: [deny(), allow("orders")] },
    later: { mode: "shadow", rules: [allow("orders")] },
    maybe: { rules: [{ ...deny("shop"), mode: "shadow" }] },
    staff: { rules: [{ ...allow("web"), claims: [{ name: "sub" }] }] },
  });
  assert.deepEqual(calleesOf("orders", table), { not: ["closed", "secret", "staff"] });
  assert.deepEqual(calleesOf("shop", table), { not: ["closed", "payments", "secret", "staff", "stock"] });
  assert.deepEqual(calleesOf("web", table), { not: ["closed", "payments", "secret"] });
  assert.deepEqual(callersOf("payments", table), { only: ["orders"] });
  assert.deepEqual(callersOf("stock", table), { not: ["shop"] });
  assert.deepEqual([callersOf("closed", table), callersOf("other", table)], [{ only: [] }, {}]);
  for (const [service, guarded] of Object.entries({
    payments: true,
    mail: true,
    files: true,
    later: false,
    other: false,
  }))
    assert.equal(isGuarded(service, table), guarded, service);
});

test("where the mesh denies, only the callees that allow something are in reach", () => {
  const table = tableOf(
    {
      payments: { rules: [allow("orders")] },
      open: { default: "allow" },
      stock: { rules: [deny("shop")] },
      picky: { default: "allow", rules: [deny("shop")] },
    },
    DENY,
  );
  assert.deepEqual(calleesOf("orders", table), { only: ["open", "payments", "picky"] });
  assert.deepEqual(calleesOf("shop", table), { only: ["open"] });
  assert.equal(isGuarded("other", table), true);
  assert.deepEqual(callersOf("other", table), { only: [] });
  assert.deepEqual([callersOf("open", table), callersOf("picky", table)], [{}, { not: ["shop"] }]);
  assert.deepEqual(calleesOf("shop", tableOf({}, { ...DENY, mode: "shadow" })), {});
  assert.deepEqual(calleesOf("shop", tableOf({})), {});
});

test("a service that is called like something every object has is one like others", () => {
  const table = tableOf({ constructor: { rules: [allow("orders")] } });
  assert.deepEqual(calleesOf("shop", table), { not: ["constructor"] });
  assert.equal(isGuarded("tostring", table), false);
});

test("a change concerns the callers whose callees differ", () => {
  const before = tableOf({ payments: { rules: [allow("orders", "web")] } });
  for (const [after, expected, opened] of [
    [before, [], []],
    [tableOf({ payments: { rules: [{ ...allow("orders", "web"), ...onlyAdmin }] } }), [], []],
    [tableOf({ payments: { rules: [allow("orders", "shop")] } }), ["shop", "web"], ["payments"]],
    [tableOf({ payments: { rules: [allow("orders")] } }), ["web"], []],
    [tableOf({ payments: { rules: [deny("orders")] } }), undefined, ["payments"]],
    [tableOf({}), undefined, ["payments"]],
    [tableOf({ payments: { rules: [allow("orders", "web")] }, mail: { rules: [deny("web")] } }), ["web"], []],
    [tableOf({ payments: { rules: [allow("orders", "web")] } }, DENY), undefined, []],
  ] as const) {
    assert.deepEqual(callersBetween(before, after), expected);
    assert.deepEqual(openedBetween(before, after), opened);
  }
  assert.equal(openedBetween(tableOf({}, DENY), before), undefined);
});

test("between two tables a call is let through where both do, and answered where either does", () => {
  const before = tableOf({ payments: { rules: [allow("orders", "web")] }, mail: { rules: [deny("web")] } });
  const after = tableOf({ payments: { rules: [deny("orders")] }, open: { default: "allow" } }, DENY);
  assert.deepEqual(mergeTables(before, after, "deny"), {
    default: "deny",
    callees: {
      payments: { others: "deny", except: [] },
      mail: { others: "deny", except: [] },
      open: { others: "allow", except: [] },
    },
  });
  assert.deepEqual(mergeTables(before, after, "allow"), {
    default: "allow",
    callees: {
      payments: { others: "deny", except: ["orders", "web"] },
      mail: { others: "allow", except: ["web"] },
      open: { others: "allow", except: [] },
    },
  });
});
