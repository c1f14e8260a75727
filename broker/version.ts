import { execFile } from "node:child_process";

/** The oldest nats-server that Weft is tested with. */
export const OLDEST_SUPPORTED = "2.9.0";

/** How long a binary may take to say its version: it answers in milliseconds, a hung disk does not. */
const ANSWER_WITHIN_MS = 5000;

/**
 * Reads `nats-server: v2.10.1` or `v2.15.0-RC.1` into `2.10.1` and `2.15.0-RC.1`.
 * @returns undefined when the text is not a nats-server's
 */
export function parseVersion(text: string): string | undefined {
  return /^nats-server: v?(\d+\.\d+\.\d+[-+.\w]*)/m.exec(text)?.[1];
}

/** Orders versions by their three numbers; a pre-release counts as its release. Negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Runs `<path> --version`.
 * @returns the version, without the leading `v`
 * @throws Error whose message says why the file is no usable nats-server
 */
export function versionOf(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(path, ["--version"], { timeout: ANSWER_WITHIN_MS }, (error, stdout) => {
      const version = parseVersion(stdout);
      if (version) resolve(version);
      else if (error) reject(new Error(`${path} cannot be run: ${reason(error)}`));
      else reject(new Error(`${path} is no nats-server: it answered ${JSON.stringify(stdout.slice(0, 80))}`));
    });
  });
}

/**
 * The same, for a server that is new enough.
 * @throws Error also when it is older than Weft supports
 */
export async function supportedVersionOf(path: string): Promise<string> {
  const version = await versionOf(path);
  if (compareVersions(version, OLDEST_SUPPORTED) >= 0) return version;
  throw new Error(`${path} is version ${version}: Weft needs ${OLDEST_SUPPORTED} or newer`);
}

const numbers = (version: string): number[] => version.split(/[.+-]/, 3).map(Number);

function reason(error: Error & { code?: unknown; killed?: boolean }): string {
  if (error.killed) return `it gave no version within ${ANSWER_WITHIN_MS} ms`;
  if (error.code === "ENOENT") return "there is no such file";
  if (error.code === "EACCES") return "it may not be executed (chmod +x it, or name another file)";
  return typeof error.code === "number" ? `it ended with code ${error.code}` : error.message;
}
