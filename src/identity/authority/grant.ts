import type { KeyObject } from "node:crypto";
import { type Issuer, issueLeaf } from "../keys/certificate.ts";
import { JWT_LIFE_MS, type Mint, mintSidecar } from "../keys/mint.ts";
import { spiffeId } from "../keys/spiffe-id.ts";
import { certificatesIn, pinOf } from "../keys/tls-key.ts";
import { loadRoots } from "../trust/roots.ts";
import type { Grant } from "../wire.ts";
import type { AccessBook } from "./access-book.ts";

/**
 * Life of a sidecar's certificate. It is what a renewal is asked with, so it is also how long a sidecar may be away
 * (a sleeping laptop, an authority that is down) and still come back without a token.
 */
export const CERT_LIFE_MS = 24 * 60 * 60_000;

/** What it takes to grant identities: the account's signing key and the intermediate CA; not the operator, not the root. */
export interface Granter {
  readonly mint: Mint;
  readonly issuer: Issuer;
  /** The roots that instances trust, PEM. */
  readonly rootCa: string;
  /** SHA-256 of the public key of the root that it issues under. */
  readonly pin: string;
  readonly brokers: readonly string[];
  readonly jwtLifeMs: number;
  readonly certLifeMs: number;
  /** Who may send to whom; everybody to everybody when absent. */
  readonly access?: Pick<AccessBook, "calleesOf" | "callersOf" | "isGuarded">;
}

/** Reads the authority's keys. @throws SecretFileError with the cure */
export function loadGranter(
  stateDir: string,
  {
    brokers,
    jwtLifeMs = JWT_LIFE_MS,
    certLifeMs = CERT_LIFE_MS,
  }: { brokers: readonly string[]; jwtLifeMs?: number | undefined; certLifeMs?: number | undefined },
): Granter {
  const roots = loadRoots(stateDir);
  return {
    mint: { mesh: roots.mesh, account: roots.accounts.MESH.publicKey, signer: roots.signer("MESH") },
    issuer: roots.issuer("intermediate"),
    rootCa: roots.rootCa,
    pin: pinOf(certificatesIn(roots.issuingRoot)[0]!),
    brokers,
    jwtLifeMs,
    certLifeMs,
  };
}

export interface Grantee {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly nkey: string;
  /** Public TLS key. */
  readonly tlsKey: KeyObject;
}

/** A user JWT and a certificate for one instance. Who it is has been settled by the caller. @param now Unix ms */
export async function grant(granter: Granter, who: Grantee, now: number): Promise<Grant> {
  const { mint, issuer, rootCa, brokers, jwtLifeMs, certLifeMs } = granter;
  const { service, instance, version } = who;
  const callees = granter.access?.calleesOf(service, now) ?? {};
  const callers = granter.access?.callersOf(service, now) ?? {};
  const guarded = granter.access?.isGuarded(service) ?? false;
  const name = { service, instance, version, callees, callers };
  const jwt = await mintSidecar(mint, name, who.nkey, now + jwtLifeMs);
  const cert = await issueLeaf(
    issuer,
    {
      key: who.tlsKey,
      commonName: instance,
      unit: who.nkey, // ties the two keys together: a certificate alone renews nothing
      sans: [{ type: "url", value: spiffeId(mint.mesh, { kind: "instance", service, instance }) }],
      usages: ["client"],
    },
    { now, lifeMs: certLifeMs },
  );
  return {
    ...{ mesh: mint.mesh, service, instance, version, issuedAt: now },
    ...{ jwt, jwtExpiresAt: now + jwtLifeMs, cert, certExpiresAt: now + certLifeMs, ca: rootCa, brokers },
    guarded,
  };
}
