import { join } from "node:path";
import { BROKER_NAME, type Credentials, type TlsMaterial } from "../../bus/credentials.ts";
import { parseCreds, type UserCreds } from "./creds-file.ts";
import { needSecret, SecretFileError } from "./secret-files.ts";

/**
 * The credentials in a part's folder (`partFolder`). Files are read at each connect, so what a later `bootstrap`
 * renewed is used without a word.
 * @param servers `host:port` or `tls://host:port` of each broker
 * @throws SecretFileError when the folder is not complete
 */
export function folderCredentials(folder: string, servers: readonly string[]): Credentials {
  const read = (file: string) =>
    needSecret(join(folder, file), 'start "weft up" once more, it makes it anew');
  const user = (): UserCreds => {
    const creds = parseCreds(read("user.creds"));
    if (creds) return creds;
    throw new SecretFileError(
      `${join(folder, "user.creds")} is damaged: remove it and start "weft up" once more`,
    );
  };
  const tls = (): TlsMaterial => ({
    ca: read("ca.crt"),
    cert: read("tls.crt"),
    key: read("tls.key"),
    servername: BROKER_NAME,
  });
  const { key } = user(); // the key outlives every renewal
  tls();
  return { servers: () => servers, jwt: () => user().jwt, sign: (nonce) => key.sign(nonce), tls };
}
