import type { JSONWebKeySet, JWK, JWTVerifyGetKey } from "jose";
import { createLocalJWKSet } from "jose/jwks/local";

/** A key set that cannot be used; the message says why, for a log. */
export class KeySetError extends Error {
  override readonly name = "KeySetError";
}

/** Public keys of an issuer. Another object whenever one of them has changed. */
export interface KeySet {
  /** Finds the key for a token's header, by `kid`, `alg`, type and use. Rejects with a JOSEError. */
  readonly find: JWTVerifyGetKey;
  readonly size: number;
  /** For people: keys that are not used, and why. */
  readonly leftOut: readonly string[];
  /** Whether another set, as JSON, has the same keys. */
  isSameAs(other: unknown): boolean;
}

const MOST_KEYS = 64;
/** RFC 7518 §3.3 and §3.5: smaller ones are broken. */
const LEAST_RSA_BITS = 2048;

/**
 * Reads a JWK set (RFC 7517). Keys that must not be used are left out, so that a good one beside them still is.
 * @throws KeySetError when none is left, or it is no key set
 */
export function readKeySet(value: unknown): KeySet {
  const given = (value as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(given)) throw new KeySetError("it is not a JWK set: it has no list of keys");
  if (given.length > MOST_KEYS) throw new KeySetError(`it has ${given.length} keys, more than ${MOST_KEYS}`);
  const keys: JWK[] = [];
  const leftOut: string[] = [];
  for (const [index, key] of (given as unknown[]).entries()) {
    const problem = problemOf(key);
    if (problem === undefined) keys.push(key as JWK);
    else if (problem !== ANOTHER_USE) leftOut.push(`key ${index + 1} ${problem}`);
  }
  if (keys.length === 0)
    throw new KeySetError(
      `it has no key to check signatures with${leftOut.map((why) => `; ${why}`).join("")}`,
    );
  const text = JSON.stringify(given);
  return {
    find: createLocalJWKSet({ keys } as JSONWebKeySet),
    size: keys.length,
    leftOut,
    isSameAs: (other) => JSON.stringify((other as { keys?: unknown } | null)?.keys) === text,
  };
}

const ANOTHER_USE = "is for something else";
/** RFC 7518 §6.2.2, §6.3.2, §6.4: private and secret parts. */
const SECRET = ["d", "p", "q", "k"];

function problemOf(key: unknown): string | undefined {
  if (typeof key !== "object" || key === null || Array.isArray(key)) return "is not an object";
  const { kty, n, e, use } = key as Record<string, unknown>;
  if (use !== undefined && use !== "sig") return ANOTHER_USE;
  if (kty === "oct") return "is a shared secret";
  // Whoever publishes it has lost it.
  if (SECRET.some((part) => part in key)) return "has its private part in it";
  if (kty !== "RSA") return undefined;
  if (typeof n !== "string" || typeof e !== "string") return "is not whole";
  const bits = bitsOf(Buffer.from(n, "base64url"));
  if (bits < LEAST_RSA_BITS) return `has only ${bits} bits`;
  // With an exponent of 1 every message is its own signature.
  return bitsOf(Buffer.from(e, "base64url")) < 2 ? "has no exponent" : undefined;
}

function bitsOf(number: Buffer): number {
  const first = number.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (number.length - first) * 8 - (Math.clz32(number[first]!) - 24);
}
