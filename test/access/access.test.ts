import assert from "node:assert/strict";
import { test } from "node:test";
import type { Access } from "../../src/access/access.ts";
import { accessOf, asking, inWords, type Request } from "./scene.ts";

type Case = readonly [caller: string, request: Request, expected: string];

/** Decides each case, and says all that are wrong. */
function check(authorization: object | undefined, mesh: object | undefined, cases: readonly Case[]): void {
  const access = accessOf(authorization, mesh);
  assert.deepEqual(
    cases.map(([caller, request]) => [caller, request, inWords(access.decide(caller, asking(request)))]),
    cases.map((one) => [...one]),
  );
}

const charge = { method: "POST", target: "/charge" };

test("without any authorization everything is allowed, and nothing is asked", () => {
  assert.equal(accessOf().isOpen, true);
  assert.equal(accessOf(undefined, { default: "allow" }).isOpen, true);
  assert.equal(accessOf({ default: "allow" }, { default: "deny" }).isOpen, true);
  assert.equal(accessOf(undefined, { default: "deny" }).isOpen, false);
  assert.equal(accessOf(undefined, { default: "deny", mode: "shadow" }).isOpen, false);
});

test("what no rule takes is decided by the service, else by an allow rule that there is, else by the mesh", () => {
  const ofOrders = { name: "orders", from: { services: ["orders"] } };
  const noShop = { name: "no-shop", action: "deny", from: { services: ["shop"] } };
  check(undefined, { default: "deny" }, [["shop", {}, "deny by (mesh default)"]]);
  check({ default: "allow" }, { default: "deny" }, [["shop", {}, "allow by (default)"]]);
  check({ default: "deny" }, undefined, [["shop", {}, "deny by (default)"]]);
  check({ rules: [ofOrders] }, { default: "allow" }, [
    ["orders", {}, "allow by orders"],
    ["shop", {}, "deny by (default)"],
  ]);
  check({ rules: [noShop] }, undefined, [
    ["orders", {}, "allow by (mesh default)"],
    ["shop", {}, "deny by no-shop"],
  ]);
  check({ rules: [noShop] }, { default: "deny" }, [["orders", {}, "deny by (mesh default)"]]);
});

test("where the default allows, an allow rule decides nothing, and no path is in doubt", () => {
  const rules = [{ name: "it", to: [{ paths: [{ value: "/a" }] }] }];
  check({ default: "allow", rules }, undefined, [
    ["shop", { target: "/a" }, "allow by (default)"],
    ["shop", { target: "//a" }, "allow by (default)"],
  ]);
});

test("a deny rule goes before every allow rule, wherever it is written", () => {
  const rules = [
    { name: "all", to: [{ paths: [{ value: "/" }] }] },
    { name: "no-admin", action: "deny", to: [{ paths: [{ value: "/admin" }] }] },
  ];
  check({ rules }, undefined, [
    ["shop", { target: "/a" }, "allow by all"],
    ["shop", { target: "/admin/x" }, "deny by no-admin"],
  ]);
});

test("caller, method, path, header and claim must all hold, and of several kinds of request one", () => {
  const rules = [
    {
      name: "charging",
      from: { services: ["orders", "shop"] },
      to: [
        { methods: ["POST"], paths: [{ type: "Exact", value: "/charge" }] },
        {
          methods: ["GET"],
          headers: [
            { name: "x-team", value: "a" },
            { name: "x-on", value: "1" },
          ],
        },
      ],
    },
    {
      name: "staff",
      from: { services: ["web"] },
      claims: [{ name: "role", values: ["staff", "boss"] }, { name: "sub" }],
    },
  ];
  check({ rules }, undefined, [
    ["orders", charge, "allow by charging"],
    ["shop", charge, "allow by charging"],
    ["stock", charge, "deny by (default)"],
    ["orders", { ...charge, method: "PUT" }, "deny by (default)"],
    ["orders", { ...charge, target: "/charge/1" }, "deny by (default)"],
    ["orders", { ...charge, target: "/charge?x=/y" }, "allow by charging"],
    ["orders", { headers: ["X-Team: a", "X-On: 1"], target: "/any" }, "allow by charging"],
    ["orders", { headers: ["X-Team: a"], target: "/any" }, "deny by (default)"],
    ["web", { claims: { role: "boss", sub: "u1" } }, "allow by staff"],
    ["web", { claims: { role: ["user", "staff"], sub: "u1" } }, "allow by staff"],
    ["web", { claims: { role: "boss" } }, "deny by (default)"],
    ["web", { claims: { role: "user", sub: "u1" } }, "deny by (default)"],
    ["web", {}, "deny by (default)"],
  ]);
});

test("methods are compared with their case; one that is not in capitals is refused where a rule looks at methods", () => {
  const rules = [{ name: "read", to: [{ methods: ["GET"] }] }];
  check({ rules }, undefined, [
    ["shop", {}, "allow by read"],
    ["shop", { method: "get" }, "deny by (ambiguous request)"],
    ["shop", { method: "HEAD" }, "deny by (default)"],
  ]);
  check({ rules: [{ ...rules[0], action: "deny" }] }, undefined, [
    ["shop", { method: "Get" }, "deny by (ambiguous request)"],
    ["shop", { method: "HEAD" }, "deny by read"],
    ["shop", { method: "POST" }, "allow by (mesh default)"],
  ]);
  check({ rules: [{ name: "shop", from: { services: ["shop"] } }, ...rules] }, undefined, [
    ["shop", { method: "get" }, "allow by shop"],
  ]);
});

test("a header that is absent fits nothing, an empty one what takes the empty text, two lines are never an exact value", () => {
  const withHeader = (value: string, type = "Exact", action = "allow") => ({
    rules: [{ name: "it", action, to: [{ headers: [{ type, name: "X-Key", value }] }] }],
  });
  const some = (...headers: string[]): Request => ({ headers });
  check(withHeader("a"), undefined, [
    ["shop", some("x-key: a"), "allow by it"],
    ["shop", some("X-KEY:a"), "allow by it"],
    ["shop", some(), "deny by (default)"],
    ["shop", some("x-key:"), "deny by (default)"],
    ["shop", some("x-key: A"), "deny by (default)"],
    ["shop", some("x-key: a", "x-key: b"), "deny by (default)"],
    ["shop", some("x-key: a", "x-key: a"), "deny by (default)"],
  ]);
  check(withHeader(".*", "RegularExpression"), undefined, [
    ["shop", some("x-key:"), "allow by it"],
    ["shop", some(), "deny by (default)"],
  ]);
  check(withHeader("a", "Exact", "deny"), undefined, [
    ["shop", some("x-key: b", "x-key: a"), "deny by it"],
    ["shop", some("x-key: b"), "allow by (mesh default)"],
    ["shop", some(), "allow by (mesh default)"],
  ]);
});

test("no way to write a field slips past a deny rule, or another value past an allow rule", () => {
  const withRole = (action: string, value = "admin", type = "Exact") => ({
    rules: [{ name: "it", action, to: [{ headers: [{ type, name: "x-app-role", value }] }] }],
  });
  const some = (...headers: string[]): Request => ({ headers });
  const evasions = [
    some("X_App_Role: admin"),
    some("x-app_role: admin"),
    some("x-app-role: Admin"),
    some("x-app-role: guest,admin"),
    some("x-app-role: admin, guest"),
    some("x-app-role: guest ,\tADMIN ,"),
    some('x-app-role: "admin"'),
    some('x-app-role: guest, "ad\\min"'),
    some('x-app-role: "a,b", "admin";q=1'),
    some("x-app-role: admin;q=0.5"),
    some("x-app-role: guest", "x_app_role: user,admin"),
  ];
  for (const rule of [withRole("deny"), withRole("deny", "ad.*n", "RegularExpression")])
    check(
      rule,
      undefined,
      evasions.map((request) => ["shop", request, "deny by it"] as const),
    );
  check(withRole("deny"), undefined, [
    ["shop", some("x-app-role: administrator"), "allow by (mesh default)"],
    ["shop", some("x-app-role: guest, no-admin"), "allow by (mesh default)"],
    ["shop", some("x-app-rol: admin", "xx-app-role: admin", "xapprole: admin"), "allow by (mesh default)"],
  ]);
  check(withRole("deny", "guest,admin"), undefined, [
    ["shop", some("x-app-role: guest,admin"), "deny by it"],
    ["shop", some("x-app-role: admin"), "allow by (mesh default)"],
  ]);
  check(
    withRole("allow"),
    undefined,
    [...evasions, some("x-app-role: admin", "x_app_role: root")].map(
      (request) => ["shop", request, "deny by (default)"] as const,
    ),
  );
});

test("quotes and backslashes without end cost no more than they are long", () => {
  const line = `"${'\\"'.repeat(15_000)}`;
  const rule = { name: "it", action: "deny", to: [{ headers: [{ name: "x-key", value: "admin" }] }] };
  check({ rules: [rule] }, undefined, [["shop", { headers: [`x-key: ${line}`] }, "allow by (mesh default)"]]);
});

test("claims: texts, numbers, lists, the words of scope, claims within claims, and nothing that is inherited", () => {
  const claim = (name: string, ...values: string[]) => ({
    rules: [{ name: "it", claims: [{ name, ...(values.length > 0 ? { values } : {}) }] }],
  });
  const cases: readonly (readonly [object, Record<string, unknown>, boolean])[] = [
    [claim("scope", "pay"), { scope: "read pay" }, true],
    [claim("scope", "pay"), { scope: "read payments" }, false],
    [claim("scope", "pay"), { scope: ["pay"] }, true],
    [claim("note", "pay"), { note: "read pay" }, false],
    [claim("level", "3"), { level: 3 }, true],
    [claim("admin", "true"), { admin: true }, true],
    [claim("realm_access[roles]", "staff"), { realm_access: { roles: ["staff"] } }, true],
    [claim("realm_access[roles]", "staff"), { "realm_access[roles]": "staff" }, false],
    [claim("https://example.com/a.b", "x"), { "https://example.com/a.b": "x" }, true],
    [claim("constructor"), {}, false],
    [claim("a[__proto__]"), { a: {} }, false],
    [claim("nothing"), { nothing: null }, false],
    [claim("it", "[object Object]"), { it: {} }, false],
    [claim("a[0]", "x"), { a: "x" }, false],
  ];
  for (const [written, claims, allowed] of cases) {
    const { verdict } = accessOf(written).decide("shop", asking({ claims }));
    assert.equal(verdict, allowed ? "allow" : "deny", `${JSON.stringify(written)} ${JSON.stringify(claims)}`);
  }
});

test("shadow: nothing of it is enforced, and what it would deny is told with the rule", () => {
  const denyAdmin = { name: "no-admin", action: "deny", to: [{ paths: [{ value: "/admin" }] }] };
  const ofOrders = { name: "orders", from: { services: ["orders"] } };
  check({ mode: "shadow", rules: [denyAdmin, ofOrders] }, undefined, [
    ["orders", { target: "/a" }, "allow by (mesh default)"],
    ["orders", { target: "/admin" }, "allow by (mesh default), shadow deny by no-admin"],
    ["orders", { target: "//admin" }, "allow by (mesh default), shadow deny by (ambiguous request)"],
    ["shop", { target: "/a" }, "allow by (mesh default), shadow deny by (default)"],
  ]);
  check({ rules: [{ ...denyAdmin, mode: "shadow" }, ofOrders] }, undefined, [
    ["orders", { target: "/admin" }, "allow by orders, shadow deny by no-admin"],
    ["shop", { target: "/a" }, "deny by (default)"],
  ]);
  check({ default: "deny", rules: [{ ...ofOrders, mode: "shadow" }] }, undefined, [
    ["orders", {}, "deny by (default)"],
  ]);
  check(undefined, { default: "deny", mode: "shadow" }, [
    ["orders", {}, "allow by (mesh default), shadow deny by (mesh default)"],
  ]);
  check({ mode: "shadow", rules: [ofOrders] }, { default: "deny" }, [
    ["orders", {}, "deny by (mesh default)"],
  ]);
});

test("a caller is compared as a whole name, also one that objects have by birth", () => {
  const access = accessOf({ rules: [{ name: "orders", from: { services: ["orders"] } }] });
  for (const caller of ["order", "orders2", "ORDERS", "constructor", "__proto__", ""])
    assert.equal(access.decide(caller, asking()).verdict, "deny", caller);
});

test("a query that makes an app see another method is ambiguous, where a rule looks at methods", () => {
  const reading = accessOf({ rules: [{ name: "post", to: [{ methods: ["POST"] }] }] });
  const verdictOf = (access: Access, query: string) =>
    inWords(access.decide("shop", asking({ method: "POST", target: `/a${query}` })));
  for (const query of [
    ...["?_method=DELETE", "?a=1&_method=delete", "?a;_method=x", "?_METHOD=PUT", "?_method", "?_method[]=x"],
    ...[
      "?%5Fmethod=DELETE",
      "?_m%65thod=x",
      "?.method=x",
      "?[method=x",
      "?+_method=x",
      "?%20_method=x",
      "?x&%5bmethod=x",
    ],
  ])
    assert.equal(verdictOf(reading, query), "deny by (ambiguous request)", query);
  for (const query of ["", "?", "?method=x", "?my_method=x", "?_methods=x", "?a=_method", "?a=%26_method=x"])
    assert.equal(verdictOf(reading, query), "allow by post", query);
  const pathOnly = accessOf({ rules: [{ name: "a", to: [{ paths: [{ value: "/a" }] }] }] });
  assert.equal(verdictOf(pathOnly, "?_method=DELETE"), "allow by a");
});
