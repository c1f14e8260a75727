import assert from "node:assert/strict";
import { test } from "node:test";
import { plainPath } from "../../src/access/plain-path.ts";
import { accessOf, asking } from "./scene.ts";

/** Ways to write a path so that a rule reads another one than the app. */
const AMBIGUOUS = [
  ...["//admin", "/a//admin", "/admin//", "/./admin", "/a/../admin", "/admin/.", "/admin/..", "/..", "//"],
  ...[
    "/%61dmin",
    "/adm%69n",
    "/admin%2Fx",
    "/admin%2fx",
    "/a/%2e%2e/admin",
    "/a/%2E%2e/admin",
    "/a/.%2e/admin",
  ],
  ...["/admin;x=1", "/admin;/x", "/;/admin", "/a/..;/admin", "/admin%3Bx", "/admin%3bx"],
  ...[
    "/admin\\x",
    "/a\\..\\admin",
    "/a%5C..%5cadmin",
    "/admin%00",
    "/admin%00.html",
    "/admin%0a",
    "/admin%7F",
  ],
  ...["/admin%3Fx", "/admin%23x", "/%2561dmin", "/a/%252e%252e/admin", "/admin%252Fx"],
  ...["/admin%", "/admin%2", "/admin%zz", "/%%61dmin", "/ad{m}in", "/a|b", '/a"b', "/a^b", "/a%2Bb", "/a%3D"],
  // Overlong and broken UTF-8; full-width and other letters that become ASCII under NFKC (UTS 39).
  ...[
    "/%C0%AEadmin",
    "/%C0%AFadmin",
    "/%E0%80%AE",
    "/%FF",
    "/%C3",
    "/%EF%BC%8Fadmin",
    "/%EF%BD%81dmin",
    "/admi%E2%81%BF",
  ],
];
const PLAIN = [
  ...[
    "/",
    "/admin",
    "/admin/",
    "/a.b/c-d_e~f",
    "/.well-known/x",
    "/...",
    "/a..b",
    "/a/..b",
    "/a:b@c,d!$&'()*+=",
    "*",
  ],
  ...["/a%20b", "/caf%C3%A9", "/100%25", "/%5Bx%5D", "/%E6%97%A5%E6%9C%AC", "/e%CC%81", "/a%7Cb"],
];

test("a path that two parsers could read in two ways is none that a rule compares", () => {
  assert.deepEqual(
    AMBIGUOUS.filter((path) => plainPath(path) !== undefined),
    [],
  );
  assert.deepEqual(
    PLAIN.map((path) => plainPath(path)),
    PLAIN,
  );
  assert.equal(plainPath("/caf%c3%a9?q=//../%61"), "/caf%C3%A9");
});

test("no way to write a path slips past a deny rule, or into an allow rule", () => {
  const admin = { paths: [{ type: "PathPrefix", value: "/admin" }] };
  const denied = accessOf({ rules: [{ name: "no-admin", action: "deny", to: [admin] }] });
  const allowed = accessOf({ rules: [{ name: "admin", to: [admin] }] });
  for (const target of AMBIGUOUS) {
    assert.equal(denied.decide("shop", asking({ target })).verdict, "deny", target);
    assert.equal(allowed.decide("shop", asking({ target })).verdict, "deny", target);
  }
  for (const target of ["/admin", "/admin/", "/admin/x", "/Admin", "/ADMIN/x", "/admin?x", "/aDmIn/?/"])
    assert.equal(denied.decide("shop", asking({ target })).rule, "no-admin", target);
  for (const target of ["/Admin", "/administer", "/admi", "/", "*"])
    assert.equal(allowed.decide("shop", asking({ target })).verdict, "deny", target);
  for (const target of ["/admin", "/admin/", "/admin/x?y=/../"])
    assert.equal(allowed.decide("shop", asking({ target })).rule, "admin", target);
  assert.equal(denied.decide("shop", asking({ target: "/administer" })).verdict, "allow");
});

test("an exact path and an expression are read widely by a deny rule, and narrowly by an allow rule", () => {
  for (const path of [
    { type: "Exact", value: "/charge" },
    { type: "RegularExpression", value: "/charg(e|es)" },
  ]) {
    const denied = accessOf({ rules: [{ name: "it", action: "deny", to: [{ paths: [path] }] }] });
    const allowed = accessOf({ rules: [{ name: "it", to: [{ paths: [path] }] }] });
    for (const target of ["/charge", "/charge/", "/Charge", "/CHARGE/"])
      assert.equal(denied.decide("shop", asking({ target })).verdict, "deny", target);
    for (const target of ["/charge/", "/Charge", "/charge/x", "/xcharge"])
      assert.equal(allowed.decide("shop", asking({ target })).verdict, "deny", target);
    assert.equal(allowed.decide("shop", asking({ target: "/charge" })).verdict, "allow");
    assert.equal(denied.decide("shop", asking({ target: "/charge/x" })).verdict, "allow");
  }
});

test("an escape in a rule is the same in capitals", () => {
  const access = accessOf({ rules: [{ name: "it", to: [{ paths: [{ value: "/caf%c3%a9" }] }] }] });
  for (const target of ["/caf%C3%A9/x", "/caf%c3%a9", "/caf%C3%a9"])
    assert.equal(access.decide("shop", asking({ target })).verdict, "allow", target);
});

test("a field that makes some apps see another method or path is refused where a rule looks at them", () => {
  const post = accessOf({ rules: [{ name: "it", to: [{ methods: ["POST"] }] }] });
  for (const line of [
    "X-HTTP-Method-Override: DELETE",
    "x-http-method: PUT",
    "X-Method-Override: PATCH",
    "X-Original-URL: /admin",
    "X-Rewrite-Url: /admin",
    "X_HTTP_Method_Override: DELETE",
    "X-Original-URI: /admin",
  ])
    assert.equal(
      post.decide("shop", asking({ method: "POST", headers: ["a: b", line] })).rule,
      "(ambiguous request)",
      line,
    );
  assert.equal(post.decide("shop", asking({ method: "POST", headers: ["x-original: 1"] })).verdict, "allow");
  const any = accessOf({ rules: [{ name: "shop", from: { services: ["shop"] } }] });
  assert.equal(any.decide("shop", asking({ headers: ["X-Original-URL: /admin"] })).verdict, "allow");
});

test("the time for a hostile path grows with its length only", () => {
  for (const target of [
    `/${"%2".repeat(4000)}`,
    `/${"%20".repeat(2700)}`,
    `/${"./".repeat(4000)}`,
    "/".repeat(8000),
  ])
    for (let i = 0; i < 50; i++) plainPath(target);
});
