import type { TokenProblem } from "../protocol/token-verdict.ts";

/** More than any header field that an app would take; so nobody makes us decode or hash more (RFC 8725 §2.4). */
export const MOST_TOKEN_CHARACTERS = 8192;

/** RFC 7515 §3.1. A JWE has five parts, so it is none; nor is anything with a space or a padding. */
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/;

/** What a token says of itself before anything of it has been proven. */
export interface Unproven {
  readonly problem?: undefined;
  /** The claim `iss`: says whose keys to try, and is compared again once the signature is known to be good. */
  readonly issuer: string | undefined;
}

/** Looks at the shape of a token only. */
export function peek(token: string): Unproven | { readonly problem: TokenProblem } {
  if (token.length > MOST_TOKEN_CHARACTERS) return { problem: "too-long" };
  const parts = COMPACT.exec(token);
  if (parts === null) return { problem: "malformed" };
  const [, head, body, signature] = parts as unknown as [string, string, string, string];
  // The last character of base64 has bits to spare: one token must not have several spellings.
  if (Buffer.from(signature, "base64url").toString("base64url") !== signature)
    return { problem: "malformed" };
  const claims = objectIn(body);
  if (claims === undefined || objectIn(head) === undefined) return { problem: "malformed" };
  return { issuer: typeof claims.iss === "string" ? claims.iss : undefined };
}

function objectIn(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {}
  return undefined;
}
