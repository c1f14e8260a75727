import { join } from "node:path";
import {
  observerPermissions,
  type Permissions,
  registryPermissions,
  storePermissions,
  systemPermissions,
} from "../../subjects/permissions.ts";
import { credsText, parseCreds } from "../keys/creds-file.ts";
import { claimsIn, hasLimitsOfNow, userJwt } from "../keys/jwt.ts";
import { NKey } from "../keys/nkey.ts";
import { privateFolder, readSecret, writeSecret } from "../keys/secret-files.ts";
import { type PartName, spiffeId } from "../keys/spiffe-id.ts";
import { keepLeaf } from "./leaf-files.ts";
import type { AccountName, Roots } from "./roots.ts";

interface Part {
  readonly account: AccountName;
  readonly permissions: Permissions;
}

/** The mesh's own users, each with exactly its subjects. The authority has none: it speaks HTTPS only. */
export const partsOf = (mesh: string): Readonly<Record<PartName, Part>> => ({
  registry: { account: "MESH", permissions: registryPermissions() },
  "registry-store": { account: "REG", permissions: storePermissions(mesh) },
  admin: { account: "MESH", permissions: observerPermissions() },
  system: { account: "SYS", permissions: systemPermissions() },
});

export const PART_NAMES: readonly PartName[] = ["registry", "registry-store", "admin", "system"];

/** The folder with the credentials of a part: `user.creds`, `tls.crt`, `tls.key`, `ca.crt`. */
export const partFolder = (stateDir: string, name: PartName): string => join(stateDir, "users", name);

/**
 * Keeps a part's user and certificate in its folder, both renewed when less than half their life is left.
 * @returns whether anything was made
 */
export async function keepPart(
  stateDir: string,
  roots: Roots,
  name: PartName,
  { now, lifeMs }: { now: number; lifeMs: number },
): Promise<boolean> {
  const folder = privateFolder(partFolder(stateDir, name));
  const newUser = await keepUser(join(folder, "user.creds"), roots, name, now, lifeMs);
  const leaf = await keepLeaf(
    {
      folder,
      name: "tls",
      commonName: name,
      sans: [{ type: "url", value: spiffeId(roots.mesh, { kind: "part", part: name }) }],
      usages: ["client"],
      ca: { file: "ca.crt", pem: roots.rootCa },
      lifeMs,
    },
    () => roots.issuer("intermediate"),
    now,
  );
  return newUser || leaf.renewed;
}

async function keepUser(
  file: string,
  roots: Roots,
  name: PartName,
  now: number,
  lifeMs: number,
): Promise<boolean> {
  const { account: accountName, permissions } = partsOf(roots.mesh)[name];
  const account = roots.accounts[accountName].publicKey;
  const old = parseCreds(readSecret(file) ?? "");
  if (old !== undefined) {
    const { exp = 0, sub, iss, nats } = claimsIn(old.jwt);
    const leftMs = exp * 1000 - now;
    // One that is ageing, or has old limits, serves until its end where the account's seed is kept elsewhere.
    const maySign = roots.maySign(accountName);
    const fresh = leftMs > (maySign ? lifeMs / 2 : 0) && (!maySign || hasLimitsOfNow(old.jwt));
    const same =
      sub === old.key.publicKey &&
      iss === roots.signerKey(accountName) &&
      nats.issuer_account === account &&
      String(nats.pub?.allow) === String(permissions.pub) &&
      String(nats.sub?.allow) === String(permissions.sub);
    if (fresh && same) return false;
  }
  const key = old?.key ?? NKey.create("U");
  const jwt = await userJwt({
    name,
    publicKey: key.publicKey,
    account,
    signer: roots.signer(accountName),
    permissions,
    expiresAt: now + lifeMs,
  });
  writeSecret(file, credsText({ jwt, key }));
  return true;
}
