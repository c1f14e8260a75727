import type { X509Certificate } from "node:crypto";
import { AUTHORITY_NAME } from "../../bus/credentials.ts";
import { pinOf } from "../keys/tls-key.ts";
import { AuthorityError, openTls } from "./authority-client.ts";

/**
 * Looks at the certificates that the authority shows and picks the root whose public key has the pin. Nothing is sent
 * on this connection; the next one trusts that root alone, and TLS itself checks chain, name and dates.
 * @returns the root, PEM
 * @throws AuthorityError `untrusted` when none has it
 */
export async function pinnedRoot(url: string, pin: string): Promise<string> {
  const socket = await openTls(url, { servername: AUTHORITY_NAME, rejectUnauthorized: false });
  try {
    let certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
    for (let depth = 0; certificate !== undefined && depth < 8; depth++) {
      if (pinOf(certificate) === pin) return certificate.toString();
      certificate = certificate.issuerCertificate;
    }
  } finally {
    socket.destroy();
  }
  throw new AuthorityError(
    "untrusted",
    `what answers at ${url} is not the authority of this token (its CA has another key), so the secret was not sent: is the token of another mesh, older than a rotation of the CA (ask for a new one), or is somebody in between?`,
  );
}
