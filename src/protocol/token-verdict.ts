/** Why a token is not believed. A closed list: it is a label of metrics, and each sentence goes to the caller. */
export const TOKEN_PROBLEMS = {
  several: "more than one token was sent",
  "too-long": "the token is too long",
  malformed: "the token is not a signed JWT",
  algorithm: "the algorithm of the token is not accepted here",
  critical: "the token demands an extension that is not known here",
  "unknown-issuer": "the issuer of the token is not accepted here",
  key: "no key of the issuer fits the token",
  signature: "the signature of the token is wrong",
  type: "the token is of another type",
  audience: "the token is for somebody else",
  expired: "the token has expired",
  "not-yet": "the token is not valid yet",
  claims: "the token lacks a claim, or has a malformed one",
  /** Not the token's fault: nothing can be said of it. */
  "issuer-away": "the keys of the issuer cannot be had",
} as const;

export type TokenProblem = keyof typeof TOKEN_PROBLEMS;

export type Claims = Readonly<Record<string, unknown>>;

/** What came of looking at a token. */
export type Verdict = Believed | Doubted;

export interface Believed {
  readonly problem?: undefined;
  /** The name under which the issuer is configured. */
  readonly provider: string;
  readonly claims: Claims;
}

export interface Doubted {
  readonly problem: TokenProblem;
  /** Empty when the issuer is not known. */
  readonly provider: string;
}
