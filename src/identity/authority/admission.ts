import type { Ledger } from "../records/ledger.ts";
import type { Grant } from "../wire.ts";
import { type Grantee, type Granter, grant } from "./grant.ts";
import { Refusal } from "./refusal.ts";

export interface AdmissionOptions {
  readonly granter: Granter;
  readonly ledger: Ledger;
  /** Unix time in ms. */
  readonly now: () => number;
}

/** How an instance proved who it is. */
export interface Proven {
  /** `token 1a2b…`, for one. */
  readonly by: string;
  /** Network address that it asks from. */
  readonly address: string;
  /** Unix ms, of what it proves itself with. */
  readonly since: number;
}

/**
 * Grants an identity to one whose proofs were good, unless it was revoked, and notes it in the ledger.
 * @throws Refusal `revoked`
 */
export async function admit(
  { granter, ledger, now }: AdmissionOptions,
  who: Grantee,
  { by, address, since }: Proven,
): Promise<Grant> {
  const { service, instance, version, nkey } = who;
  refuseRevoked(ledger, who, since);
  if (ledger.isEnded(service, by))
    throw new Refusal(
      "revoked",
      `an instance that came in with the same token (${by}) was revoked`,
      `ask for a new one with "weft token ${service}"`,
    );
  const granted = await grant(granter, who, now());
  const before = ledger.find(service, instance);
  ledger.issued({
    ...{ service, instance, version, nkey, address },
    enrolledAt: before?.enrolledAt ?? granted.issuedAt,
    admittedBy: before?.admittedBy ?? by,
    ...{
      issuedAt: granted.issuedAt,
      jwtExpiresAt: granted.jwtExpiresAt,
      certExpiresAt: granted.certExpiresAt,
    },
    ...(before?.revokedAt === undefined ? {} : { revokedAt: before.revokedAt }),
  });
  // It may have been revoked while its certificate was made: then what was made does not leave this process.
  refuseRevoked(ledger, who, since);
  return granted;
}

function refuseRevoked(ledger: Ledger, { service, instance }: Grantee, since: number): void {
  if (!ledger.isRevoked(service, instance, since)) return;
  throw new Refusal(
    "revoked",
    `${service}/${instance} was revoked`,
    `if it shall come back, enrol it anew with a token made since: "weft token ${service}"`,
  );
}
