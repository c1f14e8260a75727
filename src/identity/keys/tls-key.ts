import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from "node:crypto";

/** P-256 everywhere: every tool, HSM and FIPS module has it. */
export const newTlsKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

export const keyPem = (key: KeyObject): string => key.export({ format: "pem", type: "pkcs8" }) as string;
export const keyFromPem = (pem: string): KeyObject => createPrivateKey(pem);

/** The public half as SubjectPublicKeyInfo (DER). */
export const spkiOf = (key: KeyObject): Buffer =>
  (key.type === "private" ? createPublicKey(key) : key).export({ format: "der", type: "spki" });

/**
 * The pin of a CA: SHA-256 over its public key (RFC 7469 section 2.4), so that it outlives a re-issued certificate.
 * @returns 43 characters of base64url
 */
export const pinOf = (certificate: X509Certificate): string =>
  createHash("sha256").update(spkiOf(certificate.publicKey)).digest("base64url");

/** The certificates of a PEM text, in their order. */
export function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
