/*
 * What sidecars and the authority say to each other: JSON over TLS 1.3. Types only, so that a sidecar does not load
 * what checks requests.
 */

import type { CalleeTable } from "../subjects/callee-table.ts";

/** What a sidecar claims for itself; both proofs sign the same text, see `proofs.ts`. */
export interface Claim {
  readonly version: string;
  /** Public NKey, `U…`. */
  readonly nkey: string;
  /** Public TLS key: SubjectPublicKeyInfo (DER), base64. */
  readonly tlsKey: string;
  /** Ed25519 signature by the NKey, base64. */
  readonly nkeyProof: string;
  /** ECDSA P-256 SHA-256 signature by the TLS key, base64. */
  readonly tlsKeyProof: string;
}

/** The answer to `POST /enrol` and `POST /renew`. Times are Unix ms by the authority's clock. */
export interface Grant {
  readonly mesh: string;
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly issuedAt: number;
  readonly jwt: string;
  readonly jwtExpiresAt: number;
  /** The leaf and its chain, PEM. */
  readonly cert: string;
  readonly certExpiresAt: number;
  /** The CAs that brokers and the authority are checked with, PEM. */
  readonly ca: string;
  /** `host:port` of each broker. */
  readonly brokers: readonly string[];
  /** Not everybody may call this service: it must know its policy before it takes calls. */
  readonly guarded?: boolean;
}

/** `POST /tokens`, with the admin's client certificate. */
export interface TokenRequest {
  readonly service: string;
  /** 15 minutes when absent. */
  readonly ttlMs?: number;
  /** How many instances may enrol with it, 1 when absent. */
  readonly uses?: number;
  /** Ranges of addresses that it may be used from (`10.0.0.0/8`); from anywhere when there are none. */
  readonly cidrs?: readonly string[];
}

export interface TokenAnswer {
  readonly token: string;
  readonly id: string;
  readonly service: string;
  readonly expiresAt: number;
  readonly uses: number;
  readonly cidrs: readonly string[];
}

/** `POST /taps`, with the admin's client certificate. What is asked for is written down, and bound to the service. */
export interface TapRequest {
  /** Public NKey, `U…`, of a key that was made for this tap. */
  readonly nkey: string;
  readonly service: string;
  readonly side: "server" | "client";
  /** Which calls, as the registry reads it; empty for all. */
  readonly where: string;
  readonly bodyBytes: number;
  /** How long it may listen, an hour at most. */
  readonly forMs: number;
}

/** Its answer. */
export interface TapGrant {
  readonly id: string;
  /** Hears this tap, and can do nothing else. */
  readonly jwt: string;
  /** Unix ms by the authority's clock. */
  readonly expiresAt: number;
}

/** `PUT /access`, with the registry's client certificate. */
export interface AccessReport {
  /** Of the policy that the table was made of. */
  readonly lineage: string;
  readonly revision: number;
  readonly table: CalleeTable;
  /** The time over which the registry will spread renewals; 2 s when absent. */
  readonly withinMs?: number | undefined;
}

/** Its answer: what was issued before the last change of the table, to these services, should be renewed now. */
export interface AccessAnswer {
  /** False when a later revision was told before. */
  readonly taken: boolean;
  /** Unix ms by the authority's clock; 0 when nothing ever changed. */
  readonly issuedBefore: number;
  /** Everybody's when absent. */
  readonly services?: readonly string[];
  /** Callers get what is newly allowed when the callees can answer them: after this, when told again. */
  readonly againInMs?: number;
  /** Whom the broker lets send to everybody, since a list of whom they may call is too long; `*`: whom no rule names. */
  readonly unlisted?: readonly string[];
}

/** Every answer that is not 200. */
export interface ErrorAnswer {
  readonly code: string;
  readonly message: string;
  readonly cure: string;
}

/** Answer of `GET /healthz`, which anybody gets. */
export interface HealthAnswer {
  readonly ok: true;
  readonly mesh: string;
  /** The version of Weft that it runs; absent in those that do not tell. */
  readonly weft?: string;
}
