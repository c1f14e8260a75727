import { closeSync, fstatSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** How many rotated logs are kept. From 2.10 on nats-server can see to that itself (`logfile_max_num`); 2.9 refuses the word. */
const KEPT_LOGS = 3;
/** A client that is refused without end fills tens of MB of log a second. */
const PRUNE_EVERY_MS = 1000;

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

/** An error so long before the end is not what ended it. */
const LAST_MOMENT_MS = 1000;

/**
 * Why a server that had run well ended by itself, from its own log: its fatal lines, else the errors of its last moment.
 * What a line says of one connection ended nothing but that.
 * @returns empty when it did not say
 */
export function lastError(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const fatal = lines.filter((line) => line.includes("[FTL]"));
  const from = (timeOf(lines.at(-1) ?? "") ?? Number.POSITIVE_INFINITY) - LAST_MOMENT_MS;
  const late = lines.filter(
    (line) => line.includes("[ERR]") && !/ - \w+:\d+ - /.test(line) && (timeOf(line) ?? 0) >= from,
  );
  return lastWords((fatal.length > 0 ? fatal : late).join("\n"));
}

/** `[7] 2026/11/29 17:09:05.123456 [ERR] …`, in ms: of use beside that of another line only. */
function timeOf(line: string): number | undefined {
  const [, day, time] = /^\[\d+\] (\d{4}\/\d\d\/\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) /.exec(line) ?? [];
  return day === undefined ? undefined : Date.parse(`${day.replaceAll("/", "-")}T${time}Z`);
}

/** Deletes all but the newest rotated logs: nats-server names them `<log>.<time>`. */
export function pruneLogs(file: string): void {
  const prefix = `${basename(file)}.`;
  const rotated = readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix) && /^\d{4}/.test(name.slice(prefix.length)))
    .sort();
  for (const name of rotated.slice(0, -KEPT_LOGS)) rmSync(join(dirname(file), name), { force: true });
}

/**
 * Prunes now, and as long as the broker writes: a disk that a client can fill by being refused is the broker's end.
 * @returns the way to stop
 */
export function keepLogsPruned(file: string): () => void {
  pruneLogs(file);
  const prune = () => {
    try {
      pruneLogs(file);
    } catch {
      // The folder is gone, or may not be read just now: the broker itself will say so.
    }
  };
  const timer = setInterval(prune, PRUNE_EVERY_MS).unref();
  return () => clearInterval(timer);
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
