import { homedir } from "node:os";
import { join } from "node:path";

export type Env = Readonly<Record<string, string | undefined>>;

export const BINARY = process.platform === "win32" ? "nats-server.exe" : "nats-server";

/**
 * The folder in which Weft keeps what it fetched: `WEFT_CACHE`, else where the platform keeps caches
 * (XDG base directory specification; `Library/Caches`; `LOCALAPPDATA`).
 */
export function cacheFolder(env: Env = process.env, platform: NodeJS.Platform = process.platform): string {
  if (env.WEFT_CACHE) return env.WEFT_CACHE;
  if (platform === "win32" && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, "weft", "cache");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "weft");
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "weft");
}

/** Where one version of nats-server lives in the cache. */
export const cachedServer = (cacheDir: string, version: string): string =>
  join(cacheDir, "nats-server", version, BINARY);
