import assert from "node:assert/strict";
import { test } from "node:test";
import { readTrustedIssuers } from "../../../src/identity/authority/platform/trusted-issuers.ts";

const RULE = { claims: { sub: "system:serviceaccount:shop:orders" }, service: "orders" };
const ISSUER = {
  ...{ name: "cluster", issuer: "https://k8s.example", audiences: ["weft"], jwks: { file: "/jwks.json" } },
  rules: [RULE],
};
const withRule = (over: object) => ({ issuers: [{ ...ISSUER, rules: [{ ...RULE, ...over }] }] });

test("an issuer needs what tells its tokens apart; the rest has defaults", () => {
  const [issuer] = readTrustedIssuers({ issuers: [ISSUER] });
  assert.equal(issuer?.clockSkew, "60s");
  assert.equal(issuer?.rules[0]?.instances, 10);
  readTrustedIssuers(
    withRule({ claims: { "kubernetes.io": { serviceaccount: { name: "orders" } }, n: 1, b: true } }),
  );
});

for (const [what, value, told] of [
  ["nothing", undefined, /^file: /],
  ["no issuer", { issuers: [] }, /^issuers: /],
  ["no rule", { issuers: [{ ...ISSUER, rules: [] }] }, /^issuers\[0\]\.rules: /],
  ["no claim", withRule({ claims: {} }), /^issuers\[0\]\.rules\[0\]\.claims: no claim is named/],
  ["an empty inner claim", withRule({ claims: { a: {} } }), /^issuers\[0\]\.rules\[0\]\.claims\.a/],
  ["a * for a piece", withRule({ claims: { sub: "shop-*" } }), /^issuers\[0\]\.rules\[0\]\.claims\.sub/],
  ["a list", withRule({ claims: { sub: ["a"] } }), /^issuers\[0\]\.rules\[0\]\.claims\.sub/],
  ["a name that is no service's", withRule({ service: "a.b" }), /rules\[0\]\.service: .*1 to 63/],
  ["no bound", withRule({ instances: 0 }), /rules\[0\]\.instances: /],
  ["an unknown field", { issuers: [{ ...ISSUER, alg: "RS256" }] }, /^issuers\[0\]\.alg: /],
  ["none", { issuers: [{ ...ISSUER, algorithms: ["none"] }] }, /^issuers\[0\]\.algorithms\[0\]: /],
  [
    "two places of keys",
    { issuers: [{ ...ISSUER, jwks: { file: "a", uri: "https://a" } }] },
    /^issuers\[0\]\.jwks: /,
  ],
  ["the same issuer twice", { issuers: [ISSUER, { ...ISSUER, name: "b" }] }, /^issuers\[1\]\.issuer: /],
] as const)
  test(`a file with ${what} is refused, with the place and a cure`, () => {
    assert.throws(() => readTrustedIssuers(value), { name: "TrustedIssuersError", message: told });
  });
