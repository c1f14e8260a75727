import { join } from "node:path";
import { BINARY, type Env } from "./cache.ts";
import { runCommand } from "./command.ts";
import { DownloadError, downloadFile, downloadText, PATIENCE, type Patience } from "./download.ts";
import { installInCache } from "./install.ts";
import { archiveEnding, archiveStem, type Release } from "./release.ts";

export type FetchOptions = {
  env: Env;
  cacheDir: string;
  onProgress: (line: string) => void;
  patience?: Patience;
};

/**
 * Downloads the release for this platform, checks its SHA-256, unpacks it into the cache.
 * @throws DownloadError when it is out of reach, cut off, or not what its checksum says
 */
export async function fetchRelease(
  release: Release,
  options: FetchOptions,
): Promise<{ path: string; version: string }> {
  const { env, cacheDir, onProgress, patience = PATIENCE } = options;
  const stem = archiveStem(release.version);
  if (!stem) throw new DownloadError(`no release for ${process.platform} on ${process.arch}`);
  const archive = stem + archiveEnding();
  const folder = `${release.baseUrl}/v${release.version}`;

  onProgress(`fetching ${folder}/${archive}`);
  const expected =
    release.checksums[archive] ??
    published(await downloadText(`${folder}/SHA256SUMS`, patience), archive, folder);
  return installInCache(cacheDir, async (scratch) => {
    const file = join(scratch, archive);
    const actual = await downloadFile(`${folder}/${archive}`, file, patience, progress(archive, onProgress));
    if (actual !== expected)
      throw new DownloadError(
        `${folder}/${archive}: its SHA-256 is ${actual}, not ${expected}: not installed; try again, and if it stays so the place it came from is not to be trusted`,
      );
    const member = `${stem}/${BINARY}`;
    await runCommand(tar(env), ["-xf", file, "-C", scratch, member], { env, withinMs: 60_000 });
    return join(scratch, stem, BINARY);
  });
}

/** Finds one archive's line in a SHA256SUMS file: hex, blanks (a `*` for binary mode), name. */
function published(sums: string, archive: string, folder: string): string {
  for (const line of sums.split("\n")) {
    const [, sum, name] = /^([0-9a-f]{64}) [ *]?(\S+)\s*$/i.exec(line) ?? [];
    if (name === archive) return sum!.toLowerCase();
  }
  throw new DownloadError(`${folder}/SHA256SUMS does not list ${archive}`);
}

/** Says each tenth of the way once. */
function progress(
  archive: string,
  onProgress: (line: string) => void,
): (received: number, total: number | undefined) => void {
  let said = 0;
  return (received, total) => {
    const tenth = total ? Math.floor((10 * received) / total) : 0;
    if (tenth > said) onProgress(`fetching ${archive}: ${tenth * 10} % of ${megabytes(total!)}`);
    said = Math.max(said, tenth);
  };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Windows brings a tar that reads zip files; a GNU tar earlier on the PATH would not. */
const tar = (env: Env): string =>
  process.platform === "win32" ? join(env.SystemRoot ?? "C:\\Windows", "System32", "tar.exe") : "tar";
