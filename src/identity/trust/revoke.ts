import { type ClaimsAnswer, pushClaims } from "../../bus/claims.ts";
import { folderCredentials } from "../keys/folder-credentials.ts";
import type { NKey } from "../keys/nkey.ts";
import type { LedgerEntry } from "../records/ledger.ts";
import { openAudit, openLedger } from "../records/records.ts";
import { changeMeshAccount, type MeshAccount } from "./mesh-account.ts";
import { partFolder } from "./parts.ts";

/** Beyond the life of a JWT its revocation says nothing any more; a day more for clocks that differ. */
const KEPT_MS = 2 * 86_400_000;

/**
 * Has the authority renew nothing more for an instance, or for all instances of a service that were let in until now,
 * and take no token of the service that was made until now. Acts at once, and needs no key.
 * @param instance undefined for all
 * @param now Unix ms
 * @returns those that are revoked by it; none when nobody of that name is known
 */
export function refuseRenewal(
  stateDir: string,
  service: string,
  instance: string | undefined,
  now: number,
): LedgerEntry[] {
  const ledger = openLedger(stateDir);
  const one = instance === undefined ? undefined : ledger.revokeInstance(service, instance, now);
  const revoked = instance === undefined ? ledger.revokeService(service, now) : one ? [one] : [];
  if (instance === undefined || one !== undefined)
    openAudit(stateDir).append({
      event: "revoked",
      service,
      ...(instance === undefined ? {} : { instance }),
      nkeys: revoked.map(({ nkey }) => nkey),
    });
  return revoked;
}

/**
 * Revokes users in the account's JWT, for brokers that start from now on.
 * @param now Unix ms
 * @returns the JWT, for `tellBrokers`
 */
export const revokeUsers = (
  stateDir: string,
  operator: NKey,
  nkeys: readonly string[],
  now: number,
): Promise<string> =>
  changeMeshAccount(stateDir, operator, (account) => ({
    ...account,
    revocations: withRevoked(account, nkeys, now),
  }));

/**
 * Tells the brokers that run the account's JWT: connections of revoked users are cut off, and none of their JWTs is
 * taken again.
 * @param brokers URL of at least one of each cluster
 * @returns what each broker said
 * @throws BusError when none can be reached
 */
export const tellBrokers = (
  stateDir: string,
  brokers: readonly string[],
  jwt: string,
): Promise<ClaimsAnswer[]> => pushClaims(folderCredentials(partFolder(stateDir, "system"), brokers), jwt);

function withRevoked({ revocations }: MeshAccount, nkeys: readonly string[], now: number) {
  const seconds = Math.floor(now / 1000);
  const stillOfUse = Object.entries(revocations).filter(([, at]) => (seconds - at) * 1000 < KEPT_MS);
  return { ...Object.fromEntries(stillOfUse), ...Object.fromEntries(nkeys.map((nkey) => [nkey, seconds])) };
}
