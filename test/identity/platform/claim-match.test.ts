import assert from "node:assert/strict";
import { test } from "node:test";
import { fits, isPattern } from "../../../src/identity/authority/platform/claim-match.ts";

test("a text fits only as a whole, and a * is one whole part of it", () => {
  const all = "system:serviceaccount:shop:*";
  assert.ok(fits("a", "a"));
  assert.ok(fits(all, "system:serviceaccount:shop:orders"));
  assert.ok(fits("repo:org/*:ref:refs/heads/main", "repo:org/shop:ref:refs/heads/main"));
  for (const text of [
    ...["system:serviceaccount:shop:", "system:serviceaccount:shop", "system:serviceaccount:shop:a:b"],
    ...["system:serviceaccount:shopx:a", "system:serviceaccount:shop/a", "system:serviceaccount:shop:a/b"],
    ...["xsystem:serviceaccount:shop:a", "", "*"],
  ])
    assert.ok(!fits(all, text), text);
  assert.ok(!fits("a", "A"));
  assert.ok(!fits("a.c", "abc"));
});

test("numbers, bools and objects fit what is the same, a list by one of its members", () => {
  const claims = {
    "kubernetes.io": { namespace: "shop", pod: { name: "o-1" } },
    groups: ["a", "b"],
    n: 1,
    b: true,
  };
  assert.ok(
    fits({ "kubernetes.io": { namespace: "shop", pod: { name: "*" } }, groups: "b", n: 1, b: true }, claims),
  );
  for (const pattern of [{ n: "1" }, { b: "true" }, { groups: "c" }, { "kubernetes.io": "shop" }, { m: 1 }])
    assert.ok(!fits(pattern, claims), JSON.stringify(pattern));
  assert.ok(!fits({ toString: "*" }, {}));
  assert.ok(!fits("a", [["a"]]));
  assert.ok(!fits({ a: 1 }, null));
});

test("a * that is a piece of a part is no pattern", () => {
  for (const good of ["*", "a:*", "*/b", "a"]) assert.ok(isPattern(good), good);
  for (const bad of ["a*", "a:b*", "**", "*b:c"]) assert.ok(!isPattern(bad), bad);
});
