import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { accountJwt, operatorJwt } from "../keys/jwt.ts";
import { NKey } from "../keys/nkey.ts";
import { privateFolder, syncFolder, writeDurably } from "../keys/secret-files.ts";
import { keyPem } from "../keys/tls-key.ts";

/*
 * What a mesh's trust hangs on, made anew: operator, accounts, CAs. Each folder is made beside its place, and moved
 * there by one rename: after a crash it is whole or it is not there.
 */

const YEAR_MS = 365 * 86_400_000;
const ROOT_LIFE_MS = 10 * YEAR_MS;
const INTERMEDIATE_LIFE_MS = 5 * YEAR_MS;
/** Reserved from the server's own; the registry keeps a few kilobytes for each service. */
const REG_STORAGE = { mem_storage: 16 << 20, disk_storage: 256 << 20, streams: 16, consumer: 256 };

/** Texts by path below the folder. */
export type Files = Readonly<Record<string, string>>;

/**
 * Makes a folder with all its files, or nothing.
 * @param draft what folders that are not yet in their place begin with
 * @returns false when it is there already: another process was faster, or an earlier run came so far
 */
export function makeWhole(folder: string, draft: string, files: Files): boolean {
  const beside = mkdtempSync(draft);
  try {
    const folders = [...new Set(Object.keys(files).map((file) => join(beside, dirname(file))))];
    for (const each of folders) privateFolder(each);
    for (const [file, text] of Object.entries(files)) writeDurably(join(beside, file), text);
    for (const each of [...folders, beside]) syncFolder(each);
    renameSync(beside, folder);
    syncFolder(dirname(folder));
    return true;
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    if (existsSync(folder)) return false;
    throw error;
  }
}

/** Removes what a run that was cut off left behind. @param draft as for `makeWhole` */
export function dropDrafts(draft: string): void {
  const folder = dirname(draft);
  for (const name of readdirSync(folder))
    if (join(folder, name).startsWith(draft)) rmSync(join(folder, name), { recursive: true, force: true });
}

/**
 * Root, intermediate and routes CA.
 * @param generation goes into their names, for people; programs tell them apart by their keys
 * @param now Unix ms
 */
export async function newCas(mesh: string, generation: number, now: number): Promise<Files> {
  const { issueIntermediate, issueRoot } = await import("../keys/certificate.ts");
  const name = (what: string) => `weft ${mesh} ${what}${generation === 1 ? "" : ` ${generation}`}`;
  const root = await issueRoot(name("root"), 1, { now, lifeMs: ROOT_LIFE_MS });
  const intermediate = await issueIntermediate(root, name("issuer"), { now, lifeMs: INTERMEDIATE_LIFE_MS });
  const routes = await issueRoot(name("routes"), 0, { now, lifeMs: ROOT_LIFE_MS });
  return {
    "root.crt": root.certPem,
    "root.key": keyPem(root.key),
    "intermediate.crt": intermediate.certPem,
    "intermediate.key": keyPem(intermediate.key),
    "routes.crt": routes.certPem,
    "routes.key": keyPem(routes.key),
  };
}

/** The whole trust of a new mesh. @param now Unix ms */
export async function newRoots(mesh: string, now: number): Promise<Files> {
  const operator = NKey.create("O");
  const [account, signing, reg, sys] = [0, 1, 2, 3].map(() => NKey.create("A")) as [NKey, NKey, NKey, NKey];
  const signed = (name: string, key: NKey, more = {}) =>
    accountJwt(operator, { name, account: key.publicKey, ...more });
  const cas = Object.entries(await newCas(mesh, 1, now));
  return {
    mesh: `${mesh}\n`,
    "operator/operator.seed": operator.seed(),
    "operator/operator.jwt": await operatorJwt(operator, sys.publicKey),
    "accounts/MESH.seed": account.seed(),
    "accounts/MESH-signing.seed": signing.seed(),
    "accounts/MESH.jwt": await signed("MESH", account, { signingKeys: [signing.publicKey] }),
    "accounts/REG.seed": reg.seed(),
    "accounts/REG.jwt": await signed("REG", reg, { jetStream: REG_STORAGE }),
    "accounts/SYS.seed": sys.seed(),
    "accounts/SYS.jwt": await signed("SYS", sys),
    ...Object.fromEntries(cas.map(([file, text]) => [`ca/${file}`, text])),
  };
}
