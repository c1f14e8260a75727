import { BROKER_NAME, type Credentials } from "../../bus/credentials.ts";
import { NKey } from "../keys/nkey.ts";
import type { TapGrant, TapRequest } from "../wire.ts";
import { adminTls } from "./admin-tls.ts";
import { askAuthority } from "./authority-client.ts";

export interface GrantedTap {
  readonly id: string;
  /** Unix ms, by the authority's clock. */
  readonly expiresAt: number;
  /** Of a key that is nowhere but in this process. */
  readonly credentials: Credentials;
}

/**
 * Asks the running authority, as the admin of a state folder on this machine, to hear the calls of a service for a while.
 * @param authorityUrl `https://host:port`
 * @param servers `host:port` of each broker
 * @throws AuthorityError, SecretFileError with the cure
 */
export async function requestTap(
  stateDir: string,
  authorityUrl: string,
  servers: readonly string[],
  request: Omit<TapRequest, "nkey">,
): Promise<GrantedTap> {
  const tls = adminTls(stateDir);
  const key = NKey.create("U");
  const wanted: TapRequest = { ...request, nkey: key.publicKey };
  const { id, jwt, expiresAt } = await askAuthority<TapGrant>(authorityUrl, "/taps", tls, () => wanted);
  const credentials: Credentials = {
    servers: () => servers,
    jwt: () => jwt,
    sign: (nonce) => key.sign(nonce),
    tls: () => ({ ...tls, servername: BROKER_NAME }),
  };
  return { id, expiresAt, credentials };
}
