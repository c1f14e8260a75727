import { cacheFolder, type Env } from "./cache.ts";
import { searchFolders, usableServers } from "./candidates.ts";
import { isSupported, OLDEST_SUPPORTED, versionOf } from "./version.ts";

export type Located = {
  path: string;
  version: string;
  from: "WEFT_NATS_SERVER" | "PATH" | "cache" | "download" | "go" | "package manager";
};

export type LocateOptions = {
  env?: Env;
  cacheDir?: string;
  /** Folders searched for nats-server, instead of `PATH` and the places where packages put it. */
  pathDirs?: readonly string[];
  /** Told in a few words what goes on, for a progress line. */
  onProgress?: (line: string) => void;
};

export class NoServerError extends Error {
  override readonly name = "NoServerError";
}

/**
 * Finds a nats-server ≥ 2.9 on this machine, or gets one.
 * Order: `WEFT_NATS_SERVER`, `PATH`, the cache.
 * @throws NoServerError that says what was tried and what to install
 */
export async function locateServer(options: LocateOptions = {}): Promise<Located> {
  const { env = process.env, onProgress = () => {} } = options;
  const cacheDir = options.cacheDir ?? cacheFolder(env);
  if (env.WEFT_NATS_SERVER) return named(env.WEFT_NATS_SERVER);
  const tried: string[] = [];
  const skip = (why: string): void => {
    tried.push(why);
    onProgress(`skipped: ${why}`);
  };
  for await (const found of usableServers(options.pathDirs ?? searchFolders(env), cacheDir, skip))
    return found;
  throw new NoServerError(["no nats-server was found", ...tried].join("\n  "));
}

async function named(path: string): Promise<Located> {
  const version = await versionOf(path).catch((error: Error) => {
    throw new NoServerError(`WEFT_NATS_SERVER: ${error.message}: name a nats-server there, or unset it`);
  });
  if (!isSupported(version))
    throw new NoServerError(
      `WEFT_NATS_SERVER: ${path} is version ${version}: Weft needs ${OLDEST_SUPPORTED} or newer; name another, or unset it`,
    );
  return { path, version, from: "WEFT_NATS_SERVER" };
}
