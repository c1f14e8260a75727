/**
 * Algorithms (JWS `alg`) that a token of an issuer may be signed with: all of them by a key pair. `none` and the HMACs
 * are not in the list on purpose: a public key must never serve as a shared secret (RFC 8725 §2.1, §3.1).
 */
export const SIGNATURE_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** What issuers use; taken where policy names none. */
export const USUAL_ALGORITHMS: readonly SignatureAlgorithm[] = ["RS256", "PS256", "ES256", "EdDSA"];
