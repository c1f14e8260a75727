import { existsSync } from "node:fs";
import { join } from "node:path";
import { token } from "../../subjects/token.ts";
import type { Issuer } from "../keys/certificate.ts";
import { claimsIn } from "../keys/jwt.ts";
import { NKey } from "../keys/nkey.ts";
import { NKeyError } from "../keys/nkey-text.ts";
import { needSecret, privateFolder, readSecret, SecretFileError } from "../keys/secret-files.ts";
import { keyFromPem } from "../keys/tls-key.ts";
import { dropDrafts, makeWhole, newRoots } from "./make-roots.ts";
import { accountFile, trustNow } from "./trust-now.ts";

/*
 * What a mesh's trust hangs on: operator, accounts, CAs. Made once, and after that changed by rotations and revocations
 * alone, which put one file or one whole folder in the place of another: it is never half.
 */

export const ACCOUNT_NAMES = ["MESH", "REG", "SYS"] as const;
export type AccountName = (typeof ACCOUNT_NAMES)[number];
export type CaName = "root" | "intermediate" | "routes";

export interface Account {
  readonly name: AccountName;
  readonly publicKey: string;
  readonly jwt: string;
}

/** The trust as it was when it was loaded, and the way to the keys, which are read only by who signs. */
export interface Roots {
  readonly mesh: string;
  readonly operatorJwt: string;
  readonly accounts: Readonly<Record<AccountName, Account>>;
  /** PEM of the root that everything issued from now on but the routes ends in. */
  readonly issuingRoot: string;
  /** PEM of all roots that are trusted, the issuing one first: two of them while the CA is rotated. */
  readonly rootCa: string;
  /** The same for routes. */
  readonly routesCa: string;
  /** Public key of `signer`; its seed is not read for an account that signs itself. */
  signerKey(account: AccountName): string;
  /** The key that signs users of an account: for MESH its signing key, never the account's own. */
  signer(account: AccountName): NKey;
  /** Whether that key is on this machine. */
  maySign(account: AccountName): boolean;
  issuer(ca: CaName): Issuer;
}

export class BootstrapError extends Error {
  override readonly name = "BootstrapError";
}

/** Loads the roots of a state folder, or makes them at its first start. */
export async function openRoots(
  stateDir: string,
  mesh: string | undefined,
  now: number,
): Promise<{ roots: Roots; made: boolean }> {
  const folder = join(stateDir, "trust");
  const draft = join(stateDir, "trust-draft-");
  const made = !existsSync(folder);
  if (made) {
    const name = token("mesh", mesh ?? "mesh");
    privateFolder(stateDir);
    // Another start may be faster; its roots are as good as ours.
    makeWhole(folder, draft, await newRoots(name, now));
  }
  dropDrafts(draft);
  const roots = loadRoots(stateDir);
  if (mesh !== undefined && roots.mesh !== mesh)
    throw new BootstrapError(
      `${stateDir} belongs to the mesh "${roots.mesh}", not "${mesh}": leave --mesh out, or give another --state DIR`,
    );
  return { roots, made };
}

/** @throws SecretFileError when something is missing or open to others */
export function loadRoots(stateDir: string): Roots {
  const folder = privateFolder(join(stateDir, "trust"));
  const now = trustNow(stateDir);
  const cure = `restore ${folder} from a copy, or remove ${stateDir} to start a new mesh`;
  const read = (file: string) => needSecret(join(folder, file), cure);
  const account = (name: AccountName): Account => {
    const jwt = needSecret(accountFile(stateDir, now.operator, name), cure).trim();
    return { name, jwt, publicKey: claimsIn(jwt).sub };
  };
  const accounts = { MESH: account("MESH"), REG: account("REG"), SYS: account("SYS") };
  const seedOf = (name: AccountName) => `accounts/${name}${name === "MESH" ? "-signing" : ""}.seed`;
  const signer = (name: AccountName): NKey => {
    const file = join(folder, seedOf(name));
    const seed = needSecret(file, "if it is kept elsewhere, put it back for as long as this takes");
    try {
      return NKey.fromSeed(seed);
    } catch (error) {
      if (!(error instanceof NKeyError)) throw error;
      throw new SecretFileError(`${file} is damaged: ${cure}`);
    }
  };
  const bundle = (ca: CaName) => now.trusted.map((name) => read(`${name}/${ca}.crt`)).join("");
  return {
    mesh: read("mesh").trim(),
    operatorJwt: read(`${now.operator}/operator.jwt`).trim(),
    accounts,
    issuingRoot: read(`${now.ca}/root.crt`),
    rootCa: bundle("root"),
    routesCa: bundle("routes"),
    signerKey: (name) => (name === "MESH" ? signer(name).publicKey : accounts[name].publicKey),
    signer,
    maySign: (name) => readSecret(join(folder, seedOf(name))) !== undefined,
    issuer: (ca) => {
      const certPem = read(`${now.ca}/${ca}.crt`);
      return {
        key: keyFromPem(read(`${now.ca}/${ca}.key`)),
        certPem,
        chainPem: ca === "intermediate" ? certPem : "",
      };
    },
  };
}
