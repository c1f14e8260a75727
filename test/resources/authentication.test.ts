import assert from "node:assert/strict";
import { test } from "node:test";
import { authentication } from "../../src/resources/authentication.ts";
import { findingsOf } from "../../src/resources/issue-findings.ts";
import { signingKey } from "../support/token-issuer.ts";

const read = (value: unknown): unknown => {
  const parsed = authentication.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  return findingsOf(authentication, parsed.error.issues, { document: 0 }).map(
    ({ code, path }) => `${code} ${path}`,
  );
};

const jwks = { uri: "https://issuer.example/jwks.json" };
const PROVIDER = { name: "login", issuer: "https://issuer.example/", audiences: ["orders"], jwks };
const withProvider = (over: object) => ({ providers: [{ ...PROVIDER, ...over }] });
const withJwks = (jwks: object) => withProvider({ jwks });

test("a provider needs a name, an issuer, audiences and keys; the rest has defaults that are safe", () => {
  assert.deepEqual(read({ providers: [PROVIDER] }), {
    required: true,
    providers: [
      {
        ...PROVIDER,
        algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
        clockSkew: "60s",
        forward: false,
      },
    ],
  });
});

test("keys may be written down, as their issuer publishes them", () => {
  const keys = ["RS256", "ES256", "EdDSA"].map((kind) => ({ ...signingKey("k", kind).jwk, use: "sig" }));
  assert.ok(!Array.isArray(read(withJwks({ keys }))));
});

const rsa = signingKey("k", "RS256").jwk;
const weak = signingKey("k", "RS256_WEAK").jwk;
for (const [what, value, told] of [
  ["no provider", { providers: [] }, "invalid-value providers"],
  ["none", withProvider({ algorithms: ["none"] }), "invalid-value providers[0].algorithms[0]"],
  ["an HMAC", withProvider({ algorithms: ["RS256", "HS256"] }), "invalid-value providers[0].algorithms[1]"],
  ["no audience", withProvider({ audiences: [] }), "invalid-value providers[0].audiences"],
  ["a long skew", withProvider({ clockSkew: "6m" }), "invalid-value providers[0].clockSkew"],
  ["plain http", withJwks({ uri: "http://issuer.example/jwks" }), "invalid-value providers[0].jwks.uri"],
  [
    "a name that begins like loopback",
    withJwks({ uri: "http://127.0.0.1.evil.example/" }),
    "invalid-value providers[0].jwks.uri",
  ],
  [
    "a user in the URL",
    withJwks({ uri: "http://localhost@evil.example/" }),
    "invalid-value providers[0].jwks.uri",
  ],
  ["a file", withJwks({ uri: "file:///etc/passwd" }), "invalid-value providers[0].jwks.uri"],
  ["two sources of keys", withJwks({ ...jwks, keys: [rsa] }), "invalid-value providers[0].jwks"],
  [
    "a refresh of written keys",
    withJwks({ keys: [rsa], refresh: "1m" }),
    "invalid-value providers[0].jwks.refresh",
  ],
  ["a short key", withJwks({ keys: [weak] }), "invalid-value providers[0].jwks.keys[0].n"],
  [
    "half a key",
    withJwks({ keys: [{ kty: "EC", crv: "P-256", x: "AAAA" }] }),
    "invalid-value providers[0].jwks.keys[0]",
  ],
  ["a private key", withJwks({ keys: [{ ...rsa, d: "AAAA" }] }), "unsupported providers[0].jwks.keys[0].d"],
  ["a shared secret", withJwks({ keys: [{ kty: "oct" }] }), "invalid-value providers[0].jwks.keys[0].kty"],
  [
    "a place that is two",
    withProvider({ from: { header: "a", cookie: "b" } }),
    "invalid-value providers[0].from",
  ],
  [
    "a prefix of a cookie",
    withProvider({ from: { cookie: "b", prefix: "c" } }),
    "invalid-value providers[0].from.prefix",
  ],
  ["an exempt path that is none", { ...withProvider({}), exempt: ["/a/../b"] }, "invalid-value exempt[0]"],
  ...["weft-caller", "Content-Length", "host", "Authorization", "cookie"].map(
    (header) =>
      [
        `a claim in ${header}`,
        withProvider({ claimsToHeaders: [{ claim: "sub", header }] }),
        "invalid-value providers[0].claimsToHeaders[0].header",
      ] as const,
  ),
  [
    "the same issuer twice",
    { providers: [PROVIDER, { ...PROVIDER, name: "b" }] },
    "invalid-value providers[1].issuer",
  ],
] as const)
  test(`${what} is refused at ${told}`, () => {
    assert.deepEqual(read(value), [told]);
  });
