import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Files that only their owner may read, written so that a crash leaves the old content or the new, never half.
 * Everything here is synchronous on purpose: it runs a few times in a start, and no other step can come in between.
 */
export class SecretFileError extends Error {
  override readonly name = "SecretFileError";
}

/**
 * Makes a folder (and those above it) with mode 0700. An existing one must belong to its owner alone; an empty one of ours
 * is made so, as there is nothing in it that anybody could have read.
 */
export function privateFolder(path: string): string {
  try {
    makeFolder(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "EEXIST" || code === "ENOTDIR" ? "a file is in its way" : code;
    throw new SecretFileError(`cannot make the folder ${path} (${why}): give another with --state DIR`);
  }
  if (isShared(path) && isOurs(path) && readdirSync(path).length === 0) chmodSync(path, 0o700);
  refuseShared(path, "700");
  return path;
}

/** Not by mkdir's own `recursive`: that tries for ever where a parent is there but takes no folders, as in /proc. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || existsSync(dirname(path))) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

/** Writes mode 0600, atomically and durably: it is on the disk when this returns. */
export function writeSecret(path: string, text: string): void {
  placed(path, text, renameSync);
}

/**
 * As `writeSecret`, but never over an existing file, whichever process made it.
 * @returns false when there is one already
 */
export function claimSecret(path: string, text: string): boolean {
  try {
    placed(path, text, linkSync);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function placed(path: string, text: string, place: (from: string, to: string) => void): void {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    writeDurably(temporary, text);
    place(temporary, path);
    syncFolder(dirname(path));
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Creates a file with mode 0600 that must not exist yet; its content is on the disk when this returns. */
export function writeDurably(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes renames and new names in a folder durable. */
export function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/**
 * @returns the text, or undefined when there is no such file
 * @throws SecretFileError when others could have read it: then it is no secret any more
 */
export function readSecret(path: string): string | undefined {
  try {
    refuseShared(path, "600");
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** As `readSecret`, for a file that has to be there. */
export function needSecret(path: string, cure: string): string {
  const text = readSecret(path);
  if (text === undefined) throw new SecretFileError(`${path} is missing: ${cure}`);
  return text;
}

/** On Windows modes mean nothing; the profile folder's ACL protects it. */
const isShared = (path: string): boolean =>
  process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0;

const isOurs = (path: string): boolean => statSync(path).uid === process.getuid?.();

function refuseShared(path: string, mode: string): void {
  if (isShared(path))
    throw new SecretFileError(
      `${path} is open to other users of this machine: if none of them can have read it, run "chmod ${mode} ${path}"; else what it holds is no secret any more, and has to be made anew`,
    );
}
