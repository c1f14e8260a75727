import * as z from "zod/mini";
import { exactlyOne, type Report, type Rough, rule } from "./rule.ts";
import { durationWithin } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));
/** RFC 7518 §6: a number or a coordinate. 16384-bit RSA is 2731 characters. */
const base64url = text(2800).check(z.regex(/^[A-Za-z0-9_-]+$/));

const PRIVATE = "take the private part out and replace the key: who has read this file can sign with it";

/** One public key (RFC 7517). A secret has no place in a policy, so there are no symmetric keys. */
const jwk = described(
  z
    .strictObject({
      kty: described(z.enum(["RSA", "EC", "OKP"]), "type of the key", {
        cure: "write RSA, EC or OKP: shared secrets (oct) are not taken, because all who check could sign, too",
      }),
      kid: z.exactOptional(described(text(256), "name of the key, which a token says it is signed with")),
      use: z.exactOptional(described(z.enum(["sig", "enc"]), "what the key is for; only sig is used")),
      alg: z.exactOptional(described(text(32), "the only algorithm that the key is for")),
      key_ops: z.exactOptional(described(z.array(text(32)).check(z.maxLength(8)), "what the key is for")),
      n: z.exactOptional(described(base64url, "RSA: the modulus, of at least 2048 bits")),
      e: z.exactOptional(described(base64url, "RSA: the exponent")),
      crv: z.exactOptional(described(text(32), "EC, OKP: the curve")),
      x: z.exactOptional(described(base64url, "EC, OKP: the coordinate x")),
      y: z.exactOptional(described(base64url, "EC: the coordinate y")),
      x5c: z.exactOptional(
        described(z.array(text(16_384)).check(z.maxLength(8)), "certificates of the key; not looked at"),
      ),
      x5t: z.exactOptional(described(text(128), "hash of the certificate; not looked at")),
      "x5t#S256": z.exactOptional(described(text(128), "hash of the certificate; not looked at")),
    })
    .check(rule(judgeKey)),
  "A public key of an issuer (RFC 7517).",
  {
    id: "Jwk",
    unsupportedFields: Object.fromEntries(
      ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].map((field) => [field, PRIVATE]),
    ),
  },
);

/** Base64url characters of 2048 bits: RFC 7518 §3.3 takes no smaller key. */
const LEAST_MODULUS = 342;
const PARTS: Readonly<Record<string, readonly string[]>> = {
  RSA: ["n", "e"],
  EC: ["crv", "x", "y"],
  OKP: ["crv", "x"],
};

function judgeKey(key: Rough, report: Report): void {
  for (const part of PARTS[String(key.kty)] ?? [])
    if (key[part] === undefined) report([], `the key has no ${part}`, "copy the whole key");
  if (key.kty === "RSA" && typeof key.n === "string" && key.n.length < LEAST_MODULUS)
    report(["n"], "the key has fewer than 2048 bits", "make a larger one: such keys can be broken");
}

const MAX_KEYS = 64;

/** `https:` to anywhere, `http:` only to this machine: keys that come in plain text are anybody's. */
const KEYS_URL =
  /^(?:https:\/\/[^\s/?#@]+|http:\/\/(?:127\.[0-9.]+|localhost|\[::1\])(?::[0-9]+)?)(?:[/?][^\s#]*)?$/;

export const jwksFields = {
  uri: z.exactOptional(
    described(
      text(2048).check(z.regex(KEYS_URL)),
      "where the keys are fetched (the issuer's `jwks_uri`); https, or http on this machine",
      { cure: "write an https URL without user and fragment; http is for 127.0.0.1 and localhost only" },
    ),
  ),
  keys: z.exactOptional(
    described(
      z.array(jwk).check(z.minLength(1), z.maxLength(MAX_KEYS)),
      "the keys themselves, as in a JWK set; nothing is fetched then",
    ),
  ),
  refresh: z.exactOptional(
    described(
      durationWithin(10_000, DAY_MS, "is not between 10s and 24h"),
      "how often the keys are fetched anew, from 10s to 24h; left out, 5m; also when a token names a key that is not known, but not more often than every 30s",
      { cure: "write a duration from 10s to 24h, such as 5m" },
    ),
  ),
  maxStale: z.exactOptional(
    described(
      durationWithin(MINUTE_MS, 30 * DAY_MS, "is not between 1m and 720h"),
      "how long the keys that were fetched last are good while the issuer cannot be reached, from 1m to 720h; left out, 24h; after that calls with a token are answered with `issuer-away`",
      { cure: "write a duration from 1m to 720h, such as 24h" },
    ),
  ),
};

/** @param sources the fields of which one is written */
export const jwksRules = (sources: readonly string[]) => [
  exactlyOne("jwks", sources, "uri: https://issuer.example/jwks.json"),
  rule(({ keys, refresh, maxStale }, report) => {
    if (keys === undefined) return;
    for (const [field, value] of Object.entries({ refresh, maxStale }))
      if (value !== undefined)
        report([field], `${field} says nothing of keys that are written down`, "leave it out, or write uri");
  }),
];

/** Where the public keys of an issuer are: fetched from it, or written down. */
export const jwks = described(
  z.strictObject(jwksFields).check(...jwksRules(["uri", "keys"])),
  "The public keys of an issuer. Exactly one of uri and keys is written.",
  { id: "Jwks" },
);
