import assert from "node:assert/strict";
import { test } from "node:test";
import { calleeTable } from "../../src/access/callee-table.ts";
import { readResource } from "../../src/resources/read.ts";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import { type CalleeTable, calleesOf, callersBetween, isGuarded } from "../../src/subjects/callee-table.ts";
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
  for (const [after, expected] of [
    [before, []],
    [tableOf({ payments: { rules: [{ ...allow("orders", "web"), ...onlyAdmin }] } }), []],
    [tableOf({ payments: { rules: [allow("orders", "shop")] } }), ["shop", "web"]],
    [tableOf({ payments: { rules: [deny("orders")] } }), undefined],
    [tableOf({}), undefined],
    [tableOf({ payments: { rules: [allow("orders", "web")] }, mail: { rules: [deny("web")] } }), ["web"]],
    [tableOf({ payments: { rules: [allow("orders", "web")] } }, DENY), undefined],
  ] as const)
    assert.deepEqual(callersBetween(before, after), expected);
});
