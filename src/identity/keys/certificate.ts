import "reflect-metadata"; // has to come before x509, which needs it at load
import { type KeyObject, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { newTlsKey, spkiOf } from "./tls-key.ts";

/*
 * Making X.509 certificates. Loading the library takes 90 ms and 20 MB, so only what issues imports this file: the
 * authority, and a start that has something to make. A sidecar never does.
 */

/** A CA that can sign. */
export interface Issuer {
  readonly key: KeyObject;
  readonly certPem: string;
  /** What is sent along with each leaf: the CA's own certificate unless it is the root. */
  readonly chainPem: string;
}

export interface San {
  readonly type: "dns" | "ip" | "url";
  readonly value: string;
}

export interface Leaf {
  /** Public or private; only the public half is used. */
  readonly key: KeyObject;
  /** For people who read it; what counts is in `sans`. */
  readonly commonName: string;
  readonly unit?: string;
  readonly sans: readonly San[];
  readonly usages: readonly ("client" | "server")[];
}

/** Times in ms; `now` is Unix time. */
export interface Validity {
  readonly now: number;
  readonly lifeMs: number;
}

/** Clocks of other machines may be behind by this much. */
const BACKDATE_MS = 5 * 60_000;

/** A self-signed CA. @param pathLength how many CAs may stand below it */
export async function issueRoot(commonName: string, pathLength: number, validity: Validity): Promise<Issuer> {
  const key = newTlsKey();
  const name = [{ CN: [commonName] }];
  const certPem = await issue(name, key, { name, key }, validity, caExtensions(pathLength));
  return { key, certPem, chainPem: "" };
}

/** A CA under `parent` that may sign leaves only. */
export async function issueIntermediate(
  parent: Issuer,
  commonName: string,
  validity: Validity,
): Promise<Issuer> {
  const key = newTlsKey();
  const certPem = await issue([{ CN: [commonName] }], key, signerOf(parent), validity, caExtensions(0));
  return { key, certPem, chainPem: certPem };
}

/** @returns the leaf, then the CAs above it except the root, as PEM */
export async function issueLeaf(issuer: Issuer, leaf: Leaf, validity: Validity): Promise<string> {
  const usages = { client: x509.ExtendedKeyUsage.clientAuth, server: x509.ExtendedKeyUsage.serverAuth };
  const name = [{ CN: [leaf.commonName] }, ...(leaf.unit === undefined ? [] : [{ OU: [leaf.unit] }])];
  const certPem = await issue(name, leaf.key, signerOf(issuer), validity, [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(leaf.usages.map((usage) => usages[usage])),
    new x509.SubjectAlternativeNameExtension([...leaf.sans]),
  ]);
  return certPem + issuer.chainPem;
}

interface Signer {
  readonly name: string | x509.JsonName;
  readonly key: KeyObject;
}

const signerOf = (issuer: Issuer): Signer => ({
  name: new x509.X509Certificate(issuer.certPem).subject,
  key: issuer.key,
});

async function issue(
  name: x509.JsonName,
  key: KeyObject,
  signer: Signer,
  { now, lifeMs }: Validity,
  extensions: x509.Extension[],
): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: name,
    issuer: signer.name,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + lifeMs),
    publicKey: spkiOf(key),
    signingKey: await signingKey(signer.key),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(new x509.PublicKey(spkiOf(key))),
      await x509.AuthorityKeyIdentifierExtension.create(new x509.PublicKey(spkiOf(signer.key))),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

const caExtensions = (pathLength: number): x509.Extension[] => [
  new x509.BasicConstraintsExtension(true, pathLength, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
];

/** 127 random bits, positive (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x01;
  return bytes.toString("hex");
}

const signingKey = (key: KeyObject): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey(
    "pkcs8",
    key.export({ format: "der", type: "pkcs8" }),
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["sign"],
  );
