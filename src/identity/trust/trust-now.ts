import { join } from "node:path";
import { readSecret, SecretFileError, writeSecret } from "../keys/secret-files.ts";

/**
 * Which folders of `trust/` are in force. A folder in there is made whole and never changed; a rotation makes new ones
 * and then names them here, in one file that is written atomically: whoever reads it sees the old trust or the new one.
 */
export interface TrustNow {
  /** Whose intermediate signs from now on: `ca`, `ca-2`, … */
  readonly ca: string;
  /** Whose roots are trusted, the issuing one first. */
  readonly trusted: readonly string[];
  /** The operator and the accounts' JWTs that it signed: `operator`, `operator-2`, … */
  readonly operator: string;
}

/** Before the first rotation there is no such file. */
const FIRST: TrustNow = { ca: "ca", trusted: ["ca"], operator: "operator" };

const fileIn = (stateDir: string): string => join(stateDir, "trust", "now.json");

/** @throws SecretFileError when it is damaged */
export function trustNow(stateDir: string): TrustNow {
  const text = readSecret(fileIn(stateDir));
  if (text === undefined) return FIRST;
  try {
    return JSON.parse(text) as TrustNow;
  } catch {
    throw new SecretFileError(`${fileIn(stateDir)} is damaged: restore it from a copy`);
  }
}

/** Puts other folders into force, from now on and after a crash. */
export function changeTrust(stateDir: string, change: Partial<TrustNow>): void {
  writeSecret(fileIn(stateDir), JSON.stringify({ ...trustNow(stateDir), ...change }));
}

/** Which one of its kind a folder is: 1 for `ca`, 2 for `ca-2`. */
export const generationOf = (folder: string): number => Number(folder.split("-")[1] ?? 1);

/** `ca` → `ca-2` → `ca-3`. */
export const nextFolder = (folder: string): string => `${folder.split("-")[0]}-${generationOf(folder) + 1}`;

/** `ca-3` → `ca-2` → `ca`. */
export function previousFolder(folder: string): string {
  const [kind = folder] = folder.split("-");
  const generation = generationOf(folder) - 1;
  return generation > 1 ? `${kind}-${generation}` : kind;
}

/** Where the JWT of an account is: with the operator that signed it; at first in a folder of their own. */
export const accountFile = (stateDir: string, operator: string, name: string): string =>
  join(stateDir, "trust", operator === "operator" ? "accounts" : operator, `${name}.jwt`);
