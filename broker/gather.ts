import { cacheFolder } from "./cache.ts";
import { searchFolders, usableServers } from "./candidates.ts";
import { fetchRelease } from "./fetch-release.ts";
import type { Located, LocateOptions } from "./locate.ts";
import { machineMeans } from "./machine.ts";
import { pinnedRelease } from "./release.ts";
import { compareVersions } from "./version.ts";

/**
 * Every nats-server this machine has or can get, oldest first, each version once: for tests that want an old one and a
 * new one. What cannot be had is told to `onProgress` and left out.
 */
export async function gatherServers(options: LocateOptions = {}): Promise<Located[]> {
  const {
    env = process.env,
    onProgress = () => {},
    release = pinnedRelease(env.WEFT_NATS_DOWNLOAD),
  } = options;
  const cacheDir = options.cacheDir ?? cacheFolder(env);
  const has = async (): Promise<Located[]> => {
    const found: Located[] = [];
    for await (const one of usableServers(options.pathDirs ?? searchFolders(env), cacheDir, onProgress))
      if (!found.some((other) => other.version === one.version)) found.push(one);
    return found;
  };
  const means = machineMeans(env);
  const newest = [
    () => fetchRelease(release, { env, cacheDir, onProgress }),
    ...means
      .filter(({ from }) => from === "go")
      .map(
        ({ get }) =>
          () =>
            get(cacheDir, onProgress),
      ),
  ];
  const oldest = means
    .filter(({ from }) => from === "package manager")
    .map(
      ({ get }) =>
        () =>
          get(cacheDir, onProgress),
    );
  // The pinned release or newer counts as new, whatever is older as old.
  const isNew = ({ version }: Located): boolean => compareVersions(version, release.version) >= 0;
  if (!(await has()).some(isNew)) await firstOf(newest, onProgress);
  if ((await has()).every(isNew)) await firstOf(oldest, onProgress);
  return (await has()).sort((a, b) => compareVersions(a.version, b.version));
}

async function firstOf(
  sources: (() => Promise<unknown>)[],
  onProgress: (line: string) => void,
): Promise<void> {
  for (const get of sources) {
    try {
      await get();
      return;
    } catch (error) {
      onProgress((error as Error).message);
    }
  }
}
