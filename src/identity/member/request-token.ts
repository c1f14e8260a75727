import { join } from "node:path";
import { needSecret } from "../keys/secret-files.ts";
import { partFolder } from "../trust/parts.ts";
import type { TokenAnswer, TokenRequest } from "../wire.ts";
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
  const folder = partFolder(stateDir, "admin");
  const read = (file: string) =>
    needSecret(join(folder, file), `is ${stateDir} the state folder of a mesh? "weft up" makes one`);
  const tls = { ca: read("ca.crt"), cert: read("tls.crt"), key: read("tls.key") };
  return askAuthority<TokenAnswer>(authorityUrl, "/tokens", tls, () => request);
}

/** A token for one instance that starts now, on the machine of `weft up`. */
export async function localToken(stateDir: string, service: string, authorityUrl: string): Promise<string> {
  const { token } = await requestToken(stateDir, authorityUrl, { service, ttlMs: 60_000 });
  return token;
}
