import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { claimSecret, privateFolder, readSecret } from "../identity/keys/secret-files.ts";
import type { Fault } from "./fault.ts";
import { isRunning, ownMark, type ProcessMark } from "./process-mark.ts";

const HALF_WRITTEN_MS = 60_000;

/**
 * Takes a folder for this process; what a killed one left behind is taken over.
 * @param name of the lock's file
 * @param taken makes the error that says who has it
 * @returns the way to give it back
 * @throws Fault when another process has it
 */
export function lockFolder(folder: string, name: string, taken: (pid: number) => Fault): () => void {
  const file = join(privateFolder(folder), name);
  const mine = JSON.stringify(ownMark());
  while (!claimSecret(file, mine)) {
    const text = readSecret(file);
    if (text === undefined) continue; // given back just now
    const holder = markIn(text);
    if (holder !== undefined && isRunning(holder)) throw taken(holder.pid);
    rmSync(file, { force: true });
  }
  dropHalfWritten(folder, name);
  return () => rmSync(file, { force: true });
}

/** What a process that was killed while it took the lock left beside it; a living one takes it in milliseconds. */
function dropHalfWritten(folder: string, name: string): void {
  for (const found of readdirSync(folder)) {
    if (!found.startsWith(`${name}.`) || !found.endsWith(".tmp")) continue;
    const file = join(folder, found);
    const writtenAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (writtenAt !== undefined && Date.now() - writtenAt > HALF_WRITTEN_MS) rmSync(file, { force: true });
  }
}

/** Undefined when it is damaged, as a power cut leaves it: then nobody holds it. */
function markIn(text: string): ProcessMark | undefined {
  try {
    return JSON.parse(text) as ProcessMark;
  } catch {
    return undefined;
  }
}
