import assert from "node:assert/strict";
import { test } from "node:test";
import { writtenKeys } from "../../src/bearer/keys.ts";
import { TokenChecker, type TokenProvider } from "../../src/bearer/token-checker.ts";
import { USUAL_ALGORITHMS } from "../../src/protocol/signature-algorithm.ts";
import {
  base64url,
  hmacWith,
  rawToken,
  type SigningKey,
  signedBy,
  signingKey,
  tokenOf,
} from "../support/token-issuer.ts";

/*
 * What the literature does to JSON Web Tokens (RFC 8725 §2; McLean 2015 "none" and key confusion; CVE-2018-0114 embedded
 * keys; CVE-2022-21449 zero signatures), against what both the sidecar and the authority check tokens with.
 */

const NOW = Date.UTC(2026, 0, 1);
const SECONDS = NOW / 1000;
const rsa = signingKey("r1", "RS256");
const ec = signingKey("e1", "ES256");
const other = signingKey("o1", "ES256");
const stranger = signingKey("e1", "ES256");
const strangersRsa = signingKey("r1", "RS256");

const CLAIMS = { iss: "https://a", aud: "orders", sub: "ada", iat: SECONDS - 5, exp: SECONDS + 60 };

const provider = (
  over: Partial<TokenProvider> = {},
  keys: readonly SigningKey[] = [rsa, ec],
): TokenProvider => ({
  ...{ name: "a", issuer: "https://a", audiences: ["orders"], clockSkewMs: 10_000 },
  algorithms: USUAL_ALGORITHMS,
  keys: writtenKeys(keys.map(({ jwk }) => jwk)),
  ...over,
});
const B = () => provider({ name: "b", issuer: "https://b" }, [other]);

/** What comes of a token: `accepted`, or the problem. */
async function verdictOn(token: string, providers: readonly TokenProvider[] = [provider(), B()]) {
  const checker = new TokenChecker({ providers, unix: () => NOW, keep: 10 });
  const first = await checker.check(token);
  // Whatever is remembered must not change the answer.
  assert.deepEqual(await checker.check(token), first);
  return first.problem ?? "accepted";
}

const without = (claim: string) =>
  Object.fromEntries(Object.entries(CLAIMS).filter(([name]) => name !== claim));

test("tokens as their issuers make them are believed, by each kind of key", async () => {
  const [ps, ed] = [signingKey("p1", "PS256"), signingKey("d1", "EdDSA")];
  const all = provider({}, [rsa, ec, ps, ed]);
  for (const key of [rsa, ec, ps, ed])
    assert.equal(await verdictOn(tokenOf(key, CLAIMS), [all]), "accepted", key.alg);
  assert.equal(await verdictOn(tokenOf(rsa, { ...CLAIMS, aud: ["stock", "orders"] })), "accepted");
  assert.equal(await verdictOn(tokenOf(other, { ...CLAIMS, iss: "https://b" })), "accepted");
});

for (const alg of ["none", "None", "NONE", "nOnE", "", null, 0, undefined, ["none"], "none ", "HS256 "])
  test(`a token whose algorithm is ${JSON.stringify(alg)} is refused, with a signature and without`, async () => {
    for (const signed of [() => Buffer.alloc(0), signedBy(ec), hmacWith("")])
      assert.match(
        await verdictOn(rawToken({ alg, kid: "e1" }, CLAIMS, signed)),
        /^(?:algorithm|malformed)$/,
      );
  });

test("a public key is never taken for the secret of an HMAC, however it is spelt", async () => {
  const spellings = [
    rsa.publicKey.export({ format: "pem", type: "spki" }),
    rsa.publicKey.export({ format: "pem", type: "pkcs1" }),
    rsa.publicKey.export({ format: "der", type: "spki" }),
    JSON.stringify(rsa.jwk),
    Buffer.from(rsa.jwk.n!, "base64url"),
    rsa.jwk.n!,
    "",
  ];
  for (const secret of spellings)
    for (const alg of ["HS256", "HS384", "HS512"])
      assert.equal(await verdictOn(rawToken({ alg, kid: "r1" }, CLAIMS, hmacWith(secret))), "algorithm");
});

test("a secret that an issuer publishes among its keys is no key, nor is a private one, nor a short one", async () => {
  const weak = signingKey("w1", "RS256_WEAK");
  const shared = { kty: "oct", kid: "s1", k: base64url("secret") };
  const open = { ...ec.privateKey.export({ format: "jwk" }), kid: "open" };
  const trivial = { ...rsa.jwk, kid: "t1", e: "AQ" };
  const bad = provider({ keys: writtenKeys([rsa.jwk, shared, open, weak.jwk, trivial]) });
  assert.equal(await verdictOn(tokenOf(rsa, CLAIMS), [bad]), "accepted");
  assert.equal(
    await verdictOn(rawToken({ alg: "HS256", kid: "s1" }, CLAIMS, hmacWith("secret")), [bad]),
    "algorithm",
  );
  assert.equal(await verdictOn(tokenOf(weak, CLAIMS), [bad]), "key");
  assert.equal(await verdictOn(tokenOf({ ...ec, kid: "open" }, CLAIMS), [bad]), "key");
  assert.equal(await verdictOn(tokenOf({ ...rsa, kid: "t1" }, CLAIMS), [bad]), "key");
});

test("the name of a key is only ever compared: paths, queries and other types lead nowhere", async () => {
  const names = ["../../../../dev/null", "/etc/passwd", "e1' OR '1'='1", "e1\0", "E1", " e1", "unknown"];
  for (const kid of [...names, "__proto__", "constructor", "x".repeat(3000)])
    assert.equal(await verdictOn(tokenOf(ec, CLAIMS, { kid })), "key", kid.slice(0, 30));
  for (const kid of [1, null, ["e1"], { e1: 1 }])
    assert.notEqual(await verdictOn(tokenOf(ec, CLAIMS, { kid })), "accepted");
});

test("keys that a token brings along, or points to, are not looked at", async () => {
  const { jwk } = stranger;
  const headers = [
    { jwk },
    { jwk, kid: undefined },
    { jku: "https://evil.example/jwks.json" },
    { x5u: "https://evil.example/chain.pem" },
    { x5c: ["MIIB"], x5t: "AAAA" },
  ];
  for (const header of headers)
    assert.notEqual(await verdictOn(tokenOf(stranger, CLAIMS, header)), "accepted");
  assert.equal(await verdictOn(tokenOf(stranger, CLAIMS, { jwk })), "signature");
});

test("a stranger's key under a known name, an altered claim and a signature of nothing are refused", async () => {
  assert.equal(await verdictOn(tokenOf(stranger, CLAIMS)), "signature");
  assert.equal(await verdictOn(tokenOf(strangersRsa, CLAIMS)), "signature");
  const [head, , signature] = tokenOf(ec, CLAIMS).split(".");
  assert.equal(await verdictOn(`${head}.${base64url({ ...CLAIMS, sub: "root" })}.${signature}`), "signature");
  for (const zeros of [Buffer.alloc(64), Buffer.alloc(0), Buffer.alloc(64, 0xff)])
    assert.match(await verdictOn(rawToken({ alg: "ES256", kid: "e1" }, CLAIMS, () => zeros)), /^signature$/);
});

test("an algorithm that does not fit the key is refused, also when it is one that is allowed", async () => {
  const p384 = signingKey("c1", "ES384");
  const wide = provider({ algorithms: [...USUAL_ALGORITHMS, "ES384"] }, [rsa, ec, p384]);
  const crossed: [header: object, by: (input: string) => Buffer][] = [
    [{ alg: "ES256", kid: "r1" }, signedBy(rsa)],
    [{ alg: "RS256", kid: "e1" }, signedBy(ec)],
    [{ alg: "EdDSA", kid: "e1" }, signedBy(ec)],
    [{ alg: "ES256", kid: "c1" }, signedBy(p384)],
    [{ alg: "ES384", kid: "e1" }, signedBy(ec)],
  ];
  for (const [header, by] of crossed)
    assert.equal(await verdictOn(rawToken(header, CLAIMS, by), [wide]), "key", JSON.stringify(header));
  // Allowed and of the right type, but the key was published for another one.
  const only = provider({ keys: writtenKeys([{ ...rsa.jwk, alg: "PS256" }]) });
  assert.equal(await verdictOn(tokenOf(rsa, CLAIMS), [only]), "key");
  const few = provider({ algorithms: ["ES256"] });
  assert.equal(await verdictOn(tokenOf(rsa, CLAIMS), [few]), "algorithm");
});

test("an issuer speaks only for itself: its keys are no good for another's tokens", async () => {
  assert.equal(await verdictOn(tokenOf(other, CLAIMS)), "key");
  assert.equal(await verdictOn(tokenOf({ ...other, kid: "e1" }, CLAIMS)), "signature");
  for (const iss of [
    "https://A",
    "https://a/",
    "https://a ",
    "https://c",
    "",
    undefined,
    1,
    ["https://a"],
    null,
  ])
    assert.equal(await verdictOn(tokenOf(ec, { ...CLAIMS, iss })), "unknown-issuer", JSON.stringify(iss));
});

test("a token for another service is refused, and so is one for nobody", async () => {
  for (const aud of [
    "payments",
    "order",
    "orders ",
    "ORDERS",
    [],
    ["payments"],
    [["orders"]],
    { orders: 1 },
    1,
    null,
  ])
    assert.equal(await verdictOn(tokenOf(ec, { ...CLAIMS, aud })), "audience", JSON.stringify(aud));
  assert.equal(await verdictOn(tokenOf(ec, without("aud"))), "audience");
});

test("times are looked at, with the skew that is allowed and no more", async () => {
  const at = async (claims: object) => verdictOn(tokenOf(ec, { ...CLAIMS, ...claims }));
  assert.equal(await at({ exp: SECONDS - 9 }), "accepted");
  assert.equal(await at({ exp: SECONDS - 10 }), "expired");
  assert.equal(await at({ nbf: SECONDS + 10 }), "accepted");
  assert.equal(await at({ nbf: SECONDS + 11 }), "not-yet");
  assert.equal(await at({ iat: SECONDS + 10 }), "accepted");
  assert.equal(await at({ iat: SECONDS + 11 }), "not-yet");
  assert.equal(await verdictOn(tokenOf(ec, without("exp"))), "claims");
  for (const exp of ["2030", null, {}, [SECONDS + 60], true])
    assert.equal(await at({ exp }), "claims", JSON.stringify(exp));
  const endless = JSON.stringify(CLAIMS).replace(/"exp":\d+/, '"exp":1e999');
  assert.equal(await verdictOn(rawToken({ alg: "ES256", kid: "e1" }, endless, signedBy(ec))), "claims");
});

test("an extension that the token calls critical is never passed over", async () => {
  for (const crit of [["exp"], ["b64"], ["http://example.com/x"], [], "b64", [1]])
    assert.match(
      await verdictOn(tokenOf(ec, CLAIMS, { crit, b64: false, "http://example.com/x": 1 })),
      /^(?:critical|malformed)$/,
      JSON.stringify(crit),
    );
});

test("a token of another type is refused where policy says which one it must be", async () => {
  const access = [provider({ type: "at+jwt" })];
  assert.equal(await verdictOn(tokenOf(ec, CLAIMS, { typ: "at+jwt" }), access), "accepted");
  assert.equal(await verdictOn(tokenOf(ec, CLAIMS, { typ: "application/at+JWT" }), access), "accepted");
  for (const typ of ["JWT", "logout+jwt", "at+jwt ", undefined, 1])
    assert.equal(await verdictOn(tokenOf(ec, CLAIMS, { typ }), access), "type", String(typ));
});

test("what is no signed JWT is refused before anything is computed: encrypted, nested, cut, padded, too long", async () => {
  const good = tokenOf(ec, CLAIMS);
  const [head = "", body = "", signature = ""] = good.split(".");
  const encrypted = `${base64url({ alg: "RSA-OAEP", enc: "A256GCM" })}.AAAA.AAAA.AAAA.AAAA`;
  const shapes = [encrypted, "", ".", "..", `${head}.${body}`, `${good}.`, `.${good}`, "Bearer x", "null"];
  const altered = [
    ` ${good}`,
    `${good} `,
    `${good}\n`,
    `${head}. ${body}.${signature}`,
    `${good}=`,
    `${good}==`,
  ];
  const alphabets = [`${head}.${body}.${signature.slice(0, -1)}+`, `${head}+.${body}.${signature}`];
  for (const token of [...shapes, ...altered, ...alphabets, `${good}, ${good}`, `${good},${good}`])
    assert.equal(await verdictOn(token), "malformed", token.slice(-20));
  assert.equal(await verdictOn(tokenOf(ec, base64url(good), { cty: "JWT" })), "malformed");
  for (const claims of ["[]", '"text"', "null", "{", good])
    assert.equal(await verdictOn(tokenOf(ec, claims)), "malformed");
  assert.equal(await verdictOn(tokenOf(ec, { ...CLAIMS, fill: "x".repeat(8192) })), "too-long");
  assert.equal(await verdictOn(".".repeat(1 << 20)), "too-long");
});

test("a signature has one spelling: bits to spare at its end make no second token", async () => {
  const good = tokenOf(ec, CLAIMS);
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = ALPHABET.indexOf(good.at(-1)!);
  // 64 bytes are 86 characters: four bits of the last are not used.
  for (let bits = 1; bits < 16; bits++)
    assert.equal(await verdictOn(good.slice(0, -1) + ALPHABET[last ^ bits]), "malformed");
});
