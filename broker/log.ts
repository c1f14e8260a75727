import { closeSync, fstatSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** How many rotated logs are kept; nats-server 2.9 never deletes one itself. */
const KEPT_LOGS = 3;

/** A place in the log, to read later what came after it. */
export function logSize(file: string): number {
  return withFile(file, (fd) => fstatSync(fd).size) ?? 0;
}

/** The text after `from`; all of it when the log was rotated meanwhile. At most the last 64 KiB. */
export function logSince(file: string, from: number): string {
  return (
    withFile(file, (fd) => {
      const { size } = fstatSync(fd);
      const start = Math.max(size < from ? 0 : from, size - 65_536);
      const bytes = Buffer.alloc(size - start);
      return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, start));
    }) ?? ""
  );
}

/** The last lines that say something went wrong, else the last lines, without time stamps. */
export function lastWords(text: string, count = 3): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const bad = lines.filter((line) => /\[(FTL|ERR)\]/.test(line) || line.startsWith("nats-server: "));
  return (bad.length > 0 ? bad : lines)
    .slice(-count)
    .map((line) => line.replace(/^\[\d+\] \S+ \S+ \[\w+\] /, ""))
    .join("\n");
}

/** Deletes all but the newest rotated logs: nats-server names them `<log>.<time>`. */
export function pruneLogs(file: string): void {
  const prefix = `${basename(file)}.`;
  const rotated = readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix) && /^\d{4}/.test(name.slice(prefix.length)))
    .sort();
  for (const name of rotated.slice(0, -KEPT_LOGS)) rmSync(join(dirname(file), name), { force: true });
}

function withFile<T>(file: string, use: (fd: number) => T): T | undefined {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return undefined; // not written yet
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
