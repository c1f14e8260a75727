import { installAdvice } from "./advice.ts";
import { cacheFolder, type Env } from "./cache.ts";
import { searchFolders, usableServers } from "./candidates.ts";
import type { Patience } from "./download.ts";
import { fetchRelease } from "./fetch-release.ts";
import { type Installed, machineMeans } from "./machine.ts";
import { pinnedRelease, type Release } from "./release.ts";
import { OLDEST_SUPPORTED, supportedVersionOf } from "./version.ts";

export type Located = {
  path: string;
  version: string;
  from: "WEFT_NATS_SERVER" | "PATH" | "cache" | "download" | "go" | "package manager";
};

export type LocateOptions = {
  env?: Env;
  /** Where fetched servers are kept. Default: `WEFT_CACHE`, else the platform's place for caches. */
  cacheDir?: string;
  /** Folders searched for nats-server. Default: `PATH`, then the places where packages put it. */
  pathDirs?: readonly string[];
  /** What to download. Default: the pinned release, from `WEFT_NATS_DOWNLOAD` when that is set. */
  release?: Release;
  patience?: Patience;
  /** Told in a few words what goes on, for a progress line. */
  onProgress?: (line: string) => void;
};

export class NoServerError extends Error {
  override readonly name = "NoServerError";
}

/**
 * Finds a nats-server ≥ 2.9 on this machine, or gets one.
 * Order: `WEFT_NATS_SERVER`, `PATH`, the cache, the official release, a Go toolchain, the package manager.
 * @throws NoServerError that says what was tried, how each failed, and what to install
 */
export async function locateServer(options: LocateOptions = {}): Promise<Located> {
  const { env = process.env, onProgress = () => {} } = options;
  const cacheDir = options.cacheDir ?? cacheFolder(env);
  if (env.WEFT_NATS_SERVER) return named(env.WEFT_NATS_SERVER);

  const tried: string[] = [];
  const failed = (why: string): void => {
    tried.push(why);
    onProgress(`passed over: ${why}`);
  };
  const folders = options.pathDirs ?? searchFolders(env);
  for await (const found of usableServers(folders, cacheDir, failed)) return found;

  const release = options.release ?? pinnedRelease(env.WEFT_NATS_DOWNLOAD);
  const { patience } = options;
  const fetching = { env, cacheDir, onProgress, ...(patience && { patience }) };
  const sources: { name: string; from: Located["from"]; get: () => Promise<Installed> }[] = [
    { name: "the official release", from: "download", get: () => fetchRelease(release, fetching) },
    ...machineMeans(env).map((means) => ({ ...means, get: () => means.get(cacheDir, onProgress) })),
  ];
  for (const { name, from, get } of sources) {
    try {
      onProgress(`no nats-server yet; trying ${name}`);
      return { ...(await get()), from };
    } catch (error) {
      failed(`${from}: ${(error as Error).message}`);
    }
  }
  throw new NoServerError(
    [
      `no nats-server ${OLDEST_SUPPORTED} or newer on this machine, and none could be fetched. Tried:`,
      ...tried.map((why) => `  - ${why}`),
      `To mend it, ${installAdvice()}`,
    ].join("\n"),
  );
}

async function named(path: string): Promise<Located> {
  try {
    return { path, version: await supportedVersionOf(path), from: "WEFT_NATS_SERVER" };
  } catch (error) {
    throw new NoServerError(
      `WEFT_NATS_SERVER: ${(error as Error).message}. Name a nats-server there, or unset it to let Weft look for one`,
    );
  }
}
