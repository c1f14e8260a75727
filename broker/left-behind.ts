import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BrokerError } from "./failure.ts";

type Record = { pid: number; supervisor: number };

const fileIn = (folder: string): string => join(folder, "nats-server.pid");

/** Notes which nats-server is ours, so that a later start can tell. */
export function remember(folder: string, pid: number): void {
  writeFileSync(fileIn(folder), JSON.stringify({ pid, supervisor: process.pid } satisfies Record), {
    mode: 0o600,
  });
}

export const forget = (folder: string): void => rmSync(fileIn(folder), { force: true });

/**
 * Stops the nats-server that an earlier Weft left running in this folder when it was killed. A pid alone proves
 * nothing: only a process that was started with our configuration file is touched.
 * @returns the pid that was stopped
 * @throws BrokerError when a Weft that is alive looks after it
 */
export async function stopLeftBehind(
  folder: string,
  configFile: string,
  withinMs: number,
): Promise<number | undefined> {
  const record = read(folder);
  if (!record) return undefined;
  const { pid, supervisor } = record;
  const found = processOf(pid);
  if (!found?.command.includes(configFile)) {
    forget(folder);
    return undefined;
  }
  if (found.parent === supervisor)
    throw new BrokerError(
      `${folder} is in use: process ${supervisor} runs a nats-server (${pid}) there. Stop it, or give another --state`,
    );
  kill(pid, "SIGTERM");
  const giveUpAt = performance.now() + withinMs;
  while (processOf(pid)) {
    if (performance.now() > giveUpAt) kill(pid, "SIGKILL");
    await delay(10);
  }
  forget(folder);
  return pid;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it ended by itself meanwhile
  }
}

function read(folder: string): Record | undefined {
  try {
    return JSON.parse(readFileSync(fileIn(folder), "utf8")) as Record;
  } catch {
    return undefined; // the last one was stopped in order
  }
}

function processOf(pid: number): { command: string; parent: number } | undefined {
  try {
    if (process.platform !== "linux") {
      const line = execFileSync("ps", ["-o", "ppid=,command=", "-p", String(pid)], {
        encoding: "utf8",
      }).trim();
      return { parent: Number.parseInt(line, 10), command: line };
    }
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    if (/^State:\s+Z/m.test(status)) return undefined;
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
    return { parent, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ") };
  } catch {
    return undefined; // no such process
  }
}
