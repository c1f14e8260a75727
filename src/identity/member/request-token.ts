import type { TokenAnswer, TokenRequest } from "../wire.ts";
import { adminTls } from "./admin-tls.ts";
import { askAuthority } from "./authority-client.ts";

/**
 * Asks the running authority for a token, as the admin of a state folder on this machine.
 * @param authorityUrl `https://host:port`
 * @returns the token's text and how long it is good for
 * @throws AuthorityError, SecretFileError with the cure
 */
export async function requestToken(
  stateDir: string,
  authorityUrl: string,
  request: TokenRequest,
): Promise<TokenAnswer> {
  return askAuthority<TokenAnswer>(authorityUrl, "/tokens", adminTls(stateDir), () => request);
}

/** A token for one instance that starts now, on the machine of `weft up`. */
export async function localToken(stateDir: string, service: string, authorityUrl: string): Promise<string> {
  const { token } = await requestToken(stateDir, authorityUrl, { service, ttlMs: 60_000 });
  return token;
}
