import { jwtVerify } from "jose/jwt/verify";
import type { SignatureAlgorithm } from "../protocol/signature-algorithm.ts";
import type { Claims, TokenProblem } from "../protocol/token-verdict.ts";
import type { KeySet } from "./key-set.ts";

/** Which tokens of one issuer are believed. */
export interface TokenRules {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly SignatureAlgorithm[];
  /** What the header `typ` must be; anything when absent. */
  readonly type?: string;
  readonly clockSkewMs: number;
}

/** A token that is good until a time, by the claim `exp` and the skew that is allowed (Unix ms). */
export type Verified =
  | { readonly problem?: undefined; readonly claims: Claims; readonly until: number }
  | { readonly problem: TokenProblem };

/**
 * Checks signature and claims of one token as RFC 8725 §3 asks: an allow-list of algorithms, keys only from the set that is
 * given (`jwk`, `jku` and `x5u` of the token's header are not looked at), issuer and audience compared as whole texts,
 * `exp` there.
 * @param now Unix ms
 */
export async function verifyToken(
  token: string,
  rules: TokenRules,
  keys: KeySet,
  now: number,
): Promise<Verified> {
  const { issuer, audiences, algorithms, type, clockSkewMs } = rules;
  try {
    const { payload } = await jwtVerify(token, keys.find, {
      issuer,
      audience: [...audiences],
      algorithms: [...algorithms],
      clockTolerance: clockSkewMs / 1000,
      currentDate: new Date(now),
      requiredClaims: ["exp"],
      ...(type === undefined ? {} : { typ: type }),
    });
    const until = payload.exp! * 1000 + clockSkewMs;
    // JSON has numbers that become Infinity: such a token would never end.
    if (!Number.isFinite(until)) return { problem: "claims" };
    if (payload.iat !== undefined && payload.iat * 1000 > now + clockSkewMs) return { problem: "not-yet" };
    return { claims: Object.freeze(payload), until };
  } catch (error) {
    return { problem: problemOf(error as Error & { code?: string; claim?: string }) };
  }
}

/** By jose's own codes. Whatever is not among them is no good either. */
function problemOf({ code, claim, message }: Error & { code?: string; claim?: string }): TokenProblem {
  switch (code) {
    case "ERR_JOSE_ALG_NOT_ALLOWED":
      return "algorithm";
    case "ERR_JOSE_NOT_SUPPORTED":
      return message.includes("Extension") ? "critical" : "algorithm";
    case "ERR_JWKS_NO_MATCHING_KEY":
    // Which of several it is signed with must be said (OpenID Connect Core §10.1).
    case "ERR_JWKS_MULTIPLE_MATCHING_KEYS":
      return "key";
    case "ERR_JWS_SIGNATURE_VERIFICATION_FAILED":
      return "signature";
    case "ERR_JWT_EXPIRED":
      return "expired";
    case "ERR_JWT_CLAIM_VALIDATION_FAILED":
      return CLAIM_PROBLEMS[claim ?? ""] ?? "claims";
    case "ERR_JWS_INVALID":
    case "ERR_JWT_INVALID":
      return "malformed";
    default:
      // A key of the set that does not fit the algorithm: TypeError, DOMException.
      return "key";
  }
}

const CLAIM_PROBLEMS: Readonly<Record<string, TokenProblem>> = {
  iss: "unknown-issuer",
  aud: "audience",
  nbf: "not-yet",
  typ: "type",
};
