import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf } from "../../../sidecar/policy/claim-fields.ts";

const one = (claims: Record<string, unknown>, claim: string) => fieldsOf(claims, [{ claim, header: "x-c" }]);

for (const [value, written] of [
  ["ada", "ada"],
  ["Ada Lovelace", "Ada Lovelace"],
  ["", ""],
  [7, "7"],
  [false, "false"],
  [["a", "b c", 1], "a,b c,1"],
  [["a,b", "c"], "a%2Cb,c"],
  ["a,b", "a,b"],
  ["100%", "100%25"],
  ["Zoë", "Zo%C3%AB"],
  ["a\r\nx-admin: true", "a%0D%0Ax-admin: true"],
  ["\0\x7f\t", "%00%7F%09"],
  [" ada ", "%20ada%20"],
  ["\u2028\u{1f600}", "%E2%80%A8%F0%9F%98%80"],
  ["\ud800", "%EF%BF%BD"],
] as const)
  test(`the claim ${JSON.stringify(value)} is written so that it stays one field`, () => {
    assert.equal(one({ c: value }, "c"), `x-c: ${written}\r\n`);
  });

test("objects, nulls, mixed lists, what is not there and what is too long give no field", () => {
  for (const value of [{}, null, undefined, [{}], [["a"]], ["a", null], "x".repeat(4097), "\0".repeat(2000)])
    assert.equal(one({ c: value }, "c"), "");
  assert.equal(one({ c: Array.from({ length: 257 }, () => "a") }, "c"), "");
  for (const claim of ["toString", "__proto__", "constructor.name", "c.length", "c.0"])
    assert.equal(one({ c: "x" }, claim), "", claim);
});

test("a whole name goes before a path of names", () => {
  const claims = { "https://e.example/role": "r", "a.b": "whole", a: { b: "inner", d: ["x"] } };
  assert.equal(one(claims, "https://e.example/role"), "x-c: r\r\n");
  assert.equal(one(claims, "a.b"), "x-c: whole\r\n");
  assert.equal(one(claims, "a.d"), "x-c: x\r\n");
  assert.equal(one(claims, "a.d.0"), "x-c: x\r\n");
  assert.equal(one(claims, "a.e.f"), "");
});
