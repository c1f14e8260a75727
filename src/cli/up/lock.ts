import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { claimSecret, privateFolder, readSecret } from "../../identity/secret-files.ts";
import { Fault } from "../fault.ts";
import { isRunning, ownMark, type ProcessMark } from "../process-mark.ts";

/**
 * Takes a state folder for this process; what a killed one left behind is taken over.
 * @returns the way to give it back
 * @throws Fault when another process has it
 */
export function lockState(stateDir: string): () => void {
  const file = join(privateFolder(stateDir), "up.lock");
  const mine = JSON.stringify(ownMark());
  while (!claimSecret(file, mine)) {
    const text = readSecret(file);
    if (text === undefined) continue; // given back just now
    const holder = JSON.parse(text) as ProcessMark;
    if (isRunning(holder))
      throw new Fault(
        `a mesh runs from ${relative(".", stateDir) || "."} already (process ${holder.pid})`,
        `use it, stop it (kill ${holder.pid}), or give this one another folder with --state DIR and other ports`,
      );
    rmSync(file, { force: true });
  }
  return () => rmSync(file, { force: true });
}
