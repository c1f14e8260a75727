import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { cachedServer } from "./cache.ts";
import { supportedVersionOf } from "./version.ts";

const SCRATCH = ".fetching-";
const ABANDONED_AFTER_MS = 3_600_000;

/**
 * Lets `produce` make a nats-server in a scratch folder inside the cache, then moves it to its place in one step, so
 * that nobody ever sees half of one. The scratch folder goes away, whatever happens.
 * @param produce gets the scratch folder and returns the path of the binary in it
 */
export async function installInCache(
  cacheDir: string,
  produce: (scratch: string) => Promise<string>,
): Promise<{ path: string; version: string }> {
  const home = join(cacheDir, "nats-server");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  removeLeftovers(home);
  const scratch = mkdtempSync(join(home, SCRATCH));
  try {
    const binary = await produce(scratch);
    chmodSync(binary, 0o755);
    const version = await supportedVersionOf(binary);
    const path = cachedServer(cacheDir, version);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    renameSync(binary, path);
    return { path, version };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What a process that was killed left behind. A younger folder may belong to one that is still at work. */
function removeLeftovers(home: string): void {
  for (const name of readdirSync(home).filter((name) => name.startsWith(SCRATCH))) {
    const folder = join(home, name);
    const changedAt = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - changedAt > ABANDONED_AFTER_MS) rmSync(folder, { recursive: true, force: true });
  }
}
