import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { accountJwt, claimsIn } from "../keys/jwt.ts";
import { NKey } from "../keys/nkey.ts";
import { NKeyError } from "../keys/nkey-text.ts";
import { needSecret, readSecret, SecretFileError, writeSecret } from "../keys/secret-files.ts";
import { readRotation } from "./rotation/record.ts";
import { accountFile, trustNow } from "./trust-now.ts";

/** What changes in the life of the account MESH. */
export interface MeshAccount {
  /** Public keys of those that may sign users. */
  readonly signingKeys: readonly string[];
  /** By public key of a user: its JWTs issued until this Unix time in seconds are worth nothing. */
  readonly revocations: Readonly<Record<string, number>>;
}

/** The operator's key is not on this machine, and the verb needs it. */
export class OperatorAwayError extends Error {
  override readonly name = "OperatorAwayError";
}

/** Where the operator's seed is, unless it was moved away. */
export const operatorSeed = (stateDir: string): string =>
  join(stateDir, "trust", trustNow(stateDir).operator, "operator.seed");

/**
 * The operator's key: what signs accounts. It is needed to revoke and to rotate, and may live elsewhere otherwise.
 * @param file where it is at the moment; its place in the state folder when absent
 * @throws OperatorAwayError, SecretFileError
 */
export function operatorKey(stateDir: string, file?: string): NKey {
  const path = file ?? operatorSeed(stateDir);
  const seed = readSecret(path);
  if (seed === undefined)
    throw new OperatorAwayError(
      `the operator's seed is not at ${path}: give the file with --operator-seed FILE`,
    );
  const key = keyIn(path, seed);
  // Brokers answer "updated" also to what another operator signed, and then let nobody in by it.
  const operatorJwt = join(stateDir, "trust", trustNow(stateDir).operator, "operator.jwt");
  if (key.publicKey !== claimsIn(needSecret(operatorJwt, NO_MESH).trim()).sub)
    throw new SecretFileError(
      `${path} is the seed of another operator, not of this mesh's${isRotating(stateDir) ? `: its rotation is not done, end it with "weft rotate operator", or give ${path}.next` : ""}`,
    );
  return key;
}

function isRotating(stateDir: string): boolean {
  const last = readRotation(stateDir);
  return last?.kind === "operator" && last.endedAt === undefined;
}

const NO_MESH = "is this the state folder of a mesh?";

function keyIn(path: string, seed: string): NKey {
  try {
    return NKey.fromSeed(seed.trim());
  } catch (error) {
    if (!(error instanceof NKeyError)) throw error;
    throw new SecretFileError(`${path} has no seed of an operator in it`);
  }
}

/**
 * Signs the account MESH anew, at the earliest a second after the last time, and keeps its JWT in the trust folder, for brokers that start from now on. Those that
 * run have to be told it.
 * @returns the JWT
 */
export async function changeMeshAccount(
  stateDir: string,
  operator: NKey,
  change: (account: MeshAccount) => MeshAccount,
): Promise<string> {
  const file = accountFile(stateDir, trustNow(stateDir).operator, "MESH");
  const old = claimsIn(needSecret(file, NO_MESH).trim());
  const { signing_keys: signingKeys = [], revocations = {} } = old.nats;
  // A broker that starts with the old one keeps whichever is newer, by the second in which each was signed.
  await delay(Math.max(0, (old.iat + 1) * 1000 - Date.now()));
  const jwt = await accountJwt(operator, {
    ...{ name: "MESH", account: old.sub },
    ...change({ signingKeys, revocations }),
  });
  writeSecret(file, jwt);
  return jwt;
}
