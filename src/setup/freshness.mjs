import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Unix time in ms at which a file or folder last changed; -1 when there is none. */
export const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -1;

/**
 * Whether anything below the folders is newer than a time. Folders count too: their time changes when a file in them
 * is removed.
 * @param {readonly string[]} paths files and folders
 * @param {number} thanMs Unix time in ms
 */
export function anythingNewer(paths, thanMs) {
  return paths.some((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return false;
    if (stat.mtimeMs > thanMs) return true;
    if (!stat.isDirectory()) return false;
    return anythingNewer(
      readdirSync(path).map((name) => join(path, name)),
      thanMs,
    );
  });
}
