import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { claimSecret, readSecret } from "../keys/secret-files.ts";

interface Use {
  readonly nkey: string;
  readonly instance: string;
}

/**
 * Takes one use of something for an NKey, durably: a file `<id>.use-<n>`, made by a link that fails if the name exists. So
 * a use is taken once, whichever process asks and wherever it crashes. The same NKey asking again gets the same instance
 * and takes no further use: the answer to its first request may have been lost.
 * @param id becomes part of a file name
 * @returns the instance's id, drawn here; undefined when all uses are taken
 */
export function takeUse(folder: string, id: string, uses: number, nkey: string): string | undefined {
  const mine: Use = { nkey, instance: randomBytes(6).toString("hex") };
  for (let n = 1; n <= uses; n++) {
    const file = join(folder, `${id}.use-${n}`);
    const taken = readSecret(file);
    if (taken === undefined && claimSecret(file, JSON.stringify(mine))) return mine.instance;
    const use = JSON.parse(taken ?? readSecret(file)!) as Use;
    if (use.nkey === nkey) return use.instance;
  }
  return undefined;
}
