import { type SidecarName, sidecarPermissions, tapPermissions } from "../../subjects/permissions.ts";
import { Subjects } from "../../subjects/subjects.ts";
import { userJwt } from "./jwt.ts";
import type { NKey } from "./nkey.ts";
import { publicRaw } from "./nkey-text.ts";

/** Life of a sidecar's user JWT: how long a stolen key is of use. */
export const JWT_LIFE_MS = 60 * 60_000;

export interface Mint {
  readonly mesh: string;
  /** `A…` of the account MESH. */
  readonly account: string;
  /** A plain signing key of that account; scoped keys cannot express our permissions on nats-server 2.9. */
  readonly signer: NKey;
}

/**
 * A user JWT for one sidecar's own key, with exactly the permissions of its name (design section 2).
 * @param publicKey `U…`, the sidecar's
 * @param expiresAt Unix time in ms, rounded down to a second
 * @throws NameError for a bad name, NKeyError for a bad key
 */
export function mintSidecar(
  mint: Mint,
  who: SidecarName,
  publicKey: string,
  expiresAt: number,
): Promise<string> {
  publicRaw("U", publicKey);
  return userJwt({
    name: who.service,
    publicKey,
    account: mint.account,
    signer: mint.signer,
    permissions: sidecarPermissions(new Subjects(mint.mesh), who),
    expiresAt,
  });
}

/**
 * A user JWT for whoever taps a service: it hears that one tap, and can publish nothing.
 * @param publicKey `U…`, of a key that was made for this tap
 * @param expiresAt Unix time in ms, rounded down to a second
 * @throws NameError for a bad name, NKeyError for a bad key
 */
export function mintTap(
  { account, signer }: Mint,
  { id, service }: { readonly id: string; readonly service: string },
  publicKey: string,
  expiresAt: number,
): Promise<string> {
  publicRaw("U", publicKey);
  const permissions = tapPermissions(id, service);
  return userJwt({ name: `tap-${id}`, publicKey, account, signer, permissions, expiresAt });
}
