import { readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { BINARY, type Env } from "./cache.ts";
import { compareVersions, supportedVersionOf } from "./version.ts";

export type Candidate = { path: string; version: string; from: "PATH" | "cache" };

/**
 * Folders to look in: `PATH`, then where packages and `go install` put servers although no user's `PATH` names it
 * (Debian's package installs to /usr/sbin).
 */
export function searchFolders(env: Env): string[] {
  const onPath = (env.PATH ?? env.Path ?? "").split(delimiter).filter((folder) => folder !== "");
  const besides =
    process.platform === "win32"
      ? []
      : ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin", join(homedir(), "go", "bin")];
  return [...new Set([...onPath, ...besides])];
}

/** The nats-server files in these folders, in their order. */
export function serversOnPath(folders: readonly string[]): string[] {
  return folders.map((folder) => join(folder, BINARY)).filter(isFile);
}

/** The nats-server files in the cache, newest version first. */
export function serversInCache(cacheDir: string): string[] {
  const home = join(cacheDir, "nats-server");
  return list(home)
    .filter((name) => /^\d/.test(name))
    .sort((a, b) => compareVersions(b, a))
    .map((version) => join(home, version, BINARY))
    .filter(isFile);
}

/**
 * Every usable server that is already on this machine, in the order of preference.
 * @param skipped told of each file that is too old or does not run
 */
export async function* usableServers(
  folders: readonly string[],
  cacheDir: string,
  skipped: (why: string) => void,
): AsyncGenerator<Candidate> {
  const found = [
    ...serversOnPath(folders).map((path) => ({ path, from: "PATH" as const })),
    ...serversInCache(cacheDir).map((path) => ({ path, from: "cache" as const })),
  ];
  for (const { path, from } of found) {
    try {
      yield { path, version: await supportedVersionOf(path), from };
    } catch (error) {
      skipped((error as Error).message);
    }
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // nothing was ever cached
  }
}
