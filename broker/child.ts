import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { dieWithParent } from "./die-with-parent.ts";
import { BrokerError, explainFailure } from "./failure.ts";
import { readInfo, type ServerInfo } from "./info.ts";
import { logSince, logSize } from "./log.ts";
import { reachable } from "./ports.ts";

export type ChildFiles = { configFile: string; logFile: string; portsDir: string };

/** One running nats-server. */
export type Child = {
  pid: number;
  info: ServerInfo;
  /** Settles when the process has ended, however it did. */
  ended: Promise<Ended>;
  signal(name: NodeJS.Signals): void;
};

export type Ended = { code: number | null; signal: NodeJS.Signals | null };

const POLL_MS = 10;

/**
 * Starts nats-server and waits until it listens on all its ports and greets.
 * @param spawned told the pid as soon as there is one
 * @throws BrokerError with what it said, when it ends before that
 */
export async function startChild(
  server: string,
  files: ChildFiles,
  place: { host: string; port: number },
  options: { readyWithinMs: number; spawned: (pid: number) => void },
): Promise<Child> {
  const logStart = logSize(files.logFile);
  const [program, ...args] = [...dieWithParent(), server, "-c", files.configFile];
  // A session of its own: a Ctrl-C in the terminal must reach Weft only, which stops the broker last.
  const child = privately(() =>
    spawn(program!, args, { stdio: ["ignore", "ignore", "pipe"], detached: true }),
  );
  let complaint = ""; // until the log is open, nats-server complains on stderr
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-4096);
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    // Once there is a process, an error only says that a signal did not arrive; its end will still be told.
    child.on("error", (error) => {
      if (child.pid === undefined) reject(new BrokerError(`${server} cannot be run: ${error.message}`));
    });
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  if (child.pid === undefined) await ended; // which says why
  const pid = child.pid!;
  options.spawned(pid);
  let over = false;
  void ended.then(() => {
    over = true;
  });

  let listens = false;
  const giveUpAt = performance.now() + options.readyWithinMs;
  const said = (): string => logSince(files.logFile, logStart) + complaint;
  for (;;) {
    if (over) throw await explainFailure(said(), place.host, files.logFile);
    listens ||= hasPorts(files.portsDir, pid);
    const info = listens ? await greeting(place) : undefined;
    if (info) return { pid, info, ended, signal: (name) => signal(child, name) };
    if (performance.now() > giveUpAt) {
      signal(child, "SIGKILL");
      await ended;
      const error = await explainFailure(said(), place.host, files.logFile);
      error.message = `within ${options.readyWithinMs} ms, ${error.message}`;
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** What the server makes, its owner alone may read: by itself it would let the group read its log. */
function privately<T>(spawned: () => T): T {
  const before = process.umask(0o077);
  try {
    return spawned();
  } finally {
    process.umask(before);
  }
}

/** nats-server writes `<its file name>_<pid>.ports` when, and only when, it listens on all its ports. */
function hasPorts(folder: string, pid: number): boolean {
  const file = readdirSync(folder).find((name) => name.endsWith(`_${pid}.ports`));
  if (!file) return false;
  try {
    JSON.parse(readFileSync(join(folder, file), "utf8"));
  } catch {
    return false; // half written
  }
  rmSync(join(folder, file), { force: true }); // it has done its duty, and a crash would leave it behind
  return true;
}

async function greeting({ host, port }: { host: string; port: number }): Promise<ServerInfo | undefined> {
  return readInfo(reachable(host), port, 2000).catch(() => undefined);
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(name);
}
