import type { X509Certificate } from "node:crypto";
import { join } from "node:path";
import type { Issuer, San } from "../keys/certificate.ts";
import { claimSecret, privateFolder, readSecret, writeSecret } from "../keys/secret-files.ts";
import { certificatesIn, keyFromPem, keyPem, newTlsKey } from "../keys/tls-key.ts";

/** A certificate with its chain, its key, and the CA to check the other side with, as files. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

export interface LeafPlan {
  readonly folder: string;
  /** `<name>.crt` and `<name>.key` in the folder. */
  readonly name: string;
  readonly commonName: string;
  readonly sans: readonly San[];
  readonly usages: readonly ("client" | "server")[];
  /** The CA file's name and text. */
  readonly ca: { readonly file: string; readonly pem: string };
  /** Certificates sent after the leaf and its chain. */
  readonly alsoSend?: string;
  readonly lifeMs: number;
}

/**
 * Keeps a certificate that is good for more than half its life, else issues one anew; the key stays, so that whoever
 * reads between two writes never sees a pair that does not match.
 * @returns the files, and whether a new certificate was made
 */
export async function keepLeaf(
  plan: LeafPlan,
  issuer: () => Issuer,
  now: number,
): Promise<{ files: TlsFiles; renewed: boolean }> {
  privateFolder(plan.folder);
  const files: TlsFiles = {
    certFile: join(plan.folder, `${plan.name}.crt`),
    keyFile: join(plan.folder, `${plan.name}.key`),
    caFile: join(plan.folder, plan.ca.file),
  };
  if (readSecret(files.caFile) !== plan.ca.pem) writeSecret(files.caFile, plan.ca.pem);

  if (readSecret(files.keyFile) === undefined) claimSecret(files.keyFile, keyPem(newTlsKey()));
  const key = keyFromPem(readSecret(files.keyFile)!);

  const chain = certificatesIn(readSecret(files.certFile) ?? "");
  if (chain[0]?.checkPrivateKey(key) && fits(chain, plan, now)) return { files, renewed: false };

  const { issueLeaf } = await import("../keys/certificate.ts");
  const pem = await issueLeaf(issuer(), { ...plan, key }, { now, lifeMs: plan.lifeMs });
  writeSecret(files.certFile, pem + (plan.alsoSend ?? ""));
  return { files, renewed: true };
}

function fits(chain: readonly X509Certificate[], plan: LeafPlan, now: number): boolean {
  const leaf = chain[0]!;
  const ca = certificatesIn(plan.ca.pem)[0]!;
  const issuer = chain[1] ?? ca;
  const halfLife = Date.parse(leaf.validTo) - now > plan.lifeMs / 2;
  const issued = leaf.verify(issuer.publicKey) && (issuer === ca || issuer.verify(ca.publicKey));
  return halfLife && issued && plan.sans.every((san) => names(leaf, san));
}

function names(leaf: X509Certificate, { type, value }: San): boolean {
  if (type === "dns") return leaf.checkHost(value) !== undefined;
  if (type === "ip") return leaf.checkIP(value) !== undefined;
  return leaf.subjectAltName?.split(", ").includes(`URI:${value}`) ?? false;
}
