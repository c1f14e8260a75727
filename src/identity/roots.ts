import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { token } from "../subjects/token.ts";
import type { Issuer } from "./certificate.ts";
import { accountJwt, claimsIn, operatorJwt } from "./jwt.ts";
import { NKey } from "./nkey.ts";
import { NKeyError } from "./nkey-text.ts";
import { needSecret, privateFolder, SecretFileError, syncFolder, writeDurably } from "./secret-files.ts";
import { keyFromPem, keyPem } from "./tls-key.ts";

/*
 * What a mesh's trust hangs on: operator, accounts, CAs. Made once, in a folder beside its place, and moved there by
 * one rename: after a crash it is whole or it is not there. Nothing in it changes afterwards.
 */

export type AccountName = "MESH" | "REG" | "SYS";
export type CaName = "root" | "intermediate" | "routes";

export interface Account {
  readonly name: AccountName;
  readonly publicKey: string;
  readonly jwt: string;
}

/** What never changes, and the way to the keys, which are read only by who signs. */
export interface Roots {
  readonly mesh: string;
  readonly operatorJwt: string;
  readonly accounts: Readonly<Record<AccountName, Account>>;
  /** PEM of the CA everything but the routes ends in. */
  readonly rootCa: string;
  readonly routesCa: string;
  /** The key that signs users of an account: for MESH its signing key, never the account's own. */
  signer(account: AccountName): NKey;
  issuer(ca: CaName): Issuer;
}

export class BootstrapError extends Error {
  override readonly name = "BootstrapError";
}

const DRAFT = "trust-draft-";
const YEAR_MS = 365 * 86_400_000;
const ROOT_LIFE_MS = 10 * YEAR_MS;
const INTERMEDIATE_LIFE_MS = 5 * YEAR_MS;
/** Reserved from the server's own; the registry keeps a few kilobytes for each service. */
const REG_STORAGE = { mem_storage: 16 << 20, disk_storage: 256 << 20, streams: 16, consumer: 256 };

/** Loads the roots of a state folder, or makes them at its first start. */
export async function openRoots(
  stateDir: string,
  mesh: string | undefined,
  now: number,
): Promise<{ roots: Roots; made: boolean }> {
  const folder = join(stateDir, "trust");
  const made = !existsSync(folder);
  if (made) await makeRoots(stateDir, folder, mesh ?? "mesh", now);
  dropDrafts(stateDir);
  const roots = loadRoots(stateDir);
  if (mesh !== undefined && roots.mesh !== mesh)
    throw new BootstrapError(
      `${stateDir} belongs to the mesh "${roots.mesh}", not "${mesh}": leave --mesh out, or give another --state DIR`,
    );
  return { roots, made };
}

/** @throws SecretFileError when something is missing or open to others */
export function loadRoots(stateDir: string): Roots {
  const folder = join(stateDir, "trust");
  privateFolder(folder);
  const cure = `restore ${folder} from a copy, or remove ${stateDir} to start a new mesh`;
  const read = (file: string) => needSecret(join(folder, file), cure);
  const seedIn = (file: string): NKey => {
    try {
      return NKey.fromSeed(read(file));
    } catch (error) {
      if (!(error instanceof NKeyError)) throw error;
      throw new SecretFileError(`${join(folder, file)} is damaged: ${cure}`);
    }
  };
  const account = (name: AccountName): Account => {
    const jwt = read(`accounts/${name}.jwt`).trim();
    return { name, jwt, publicKey: claimsIn(jwt).sub };
  };
  return {
    mesh: read("mesh").trim(),
    operatorJwt: read("operator/operator.jwt").trim(),
    accounts: { MESH: account("MESH"), REG: account("REG"), SYS: account("SYS") },
    rootCa: read("ca/root.crt"),
    routesCa: read("ca/routes.crt"),
    signer: (name) => seedIn(`accounts/${name}${name === "MESH" ? "-signing" : ""}.seed`),
    issuer: (ca) => {
      const certPem = read(`ca/${ca}.crt`);
      return {
        key: keyFromPem(read(`ca/${ca}.key`)),
        certPem,
        chainPem: ca === "intermediate" ? certPem : "",
      };
    },
  };
}

async function makeRoots(stateDir: string, folder: string, mesh: string, now: number): Promise<void> {
  token("mesh", mesh);
  privateFolder(stateDir);
  const draft = mkdtempSync(join(stateDir, DRAFT));
  try {
    for (const part of ["operator", "accounts", "ca"]) privateFolder(join(draft, part));
    for (const [file, text] of Object.entries(await newRoots(mesh, now)))
      writeDurably(join(draft, file), text);
    for (const part of ["operator", "accounts", "ca", "."]) syncFolder(join(draft, part));
    renameSync(draft, folder);
    syncFolder(stateDir);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another start was faster; its roots are as good as ours.
    if (existsSync(folder)) return;
    throw error;
  }
}

/** What a start that was cut off left behind. */
function dropDrafts(stateDir: string): void {
  for (const name of readdirSync(stateDir))
    if (name.startsWith(DRAFT)) rmSync(join(stateDir, name), { recursive: true, force: true });
}

async function newRoots(mesh: string, now: number): Promise<Record<string, string>> {
  const { issueIntermediate, issueRoot } = await import("./certificate.ts");
  const operator = NKey.create("O");
  const [meshKey, signingKey, regKey, sysKey] = [0, 1, 2, 3].map(() => NKey.create("A")) as [
    NKey,
    NKey,
    NKey,
    NKey,
  ];
  const root = await issueRoot(`weft ${mesh} root`, 1, { now, lifeMs: ROOT_LIFE_MS });
  const intermediate = await issueIntermediate(root, `weft ${mesh} issuer`, {
    now,
    lifeMs: INTERMEDIATE_LIFE_MS,
  });
  const routes = await issueRoot(`weft ${mesh} routes`, 0, { now, lifeMs: ROOT_LIFE_MS });
  return {
    mesh: `${mesh}\n`,
    "operator/operator.seed": operator.seed(),
    "operator/operator.jwt": await operatorJwt(operator, sysKey.publicKey),
    "accounts/MESH.seed": meshKey.seed(),
    "accounts/MESH-signing.seed": signingKey.seed(),
    "accounts/MESH.jwt": await accountJwt(operator, {
      name: "MESH",
      account: meshKey.publicKey,
      signingKeys: [signingKey.publicKey],
    }),
    "accounts/REG.seed": regKey.seed(),
    "accounts/REG.jwt": await accountJwt(operator, {
      name: "REG",
      account: regKey.publicKey,
      jetStream: REG_STORAGE,
    }),
    "accounts/SYS.seed": sysKey.seed(),
    "accounts/SYS.jwt": await accountJwt(operator, { name: "SYS", account: sysKey.publicKey }),
    "ca/root.crt": root.certPem,
    "ca/root.key": keyPem(root.key),
    "ca/intermediate.crt": intermediate.certPem,
    "ca/intermediate.key": keyPem(intermediate.key),
    "ca/routes.crt": routes.certPem,
    "ca/routes.key": keyPem(routes.key),
  };
}
