import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A program that the bench started, or that it only watches. */
export interface Watched {
  /** What it is within its path: `outbound`, `broker`, `upstream`. */
  readonly role: string;
  readonly pid: number;
}

export interface Started extends Watched {
  stop(): Promise<void>;
}

export class BenchError extends Error {
  override readonly name = "BenchError";
}

export interface ProgramOptions {
  /** For its log and in errors. */
  readonly name: string;
  /** Its output goes there, as `<name>.log`. */
  readonly folder: string;
  /** Whether it can be used now, told what it has printed so far. */
  readonly ready: (output: () => string) => boolean | Promise<boolean>;
}

/**
 * Starts a program, and waits until it can be used.
 * @throws BenchError with the end of its log, when it ends or is not ready within 20 s
 */
export async function startProgram(
  role: string,
  [command, ...args]: readonly string[],
  { name, folder, ready }: ProgramOptions,
): Promise<Started> {
  const logFile = join(folder, `${name}.log`);
  const log = openSync(logFile, "w", 0o600);
  const child = spawn(command!, args, { stdio: ["ignore", log, log] });
  closeSync(log);
  let spawnError: Error | undefined;
  child.once("error", (error) => {
    spawnError = error;
  });
  const output = (): string => readFileSync(logFile, "utf8");
  const endsAt = performance.now() + 20_000;
  while (!(await ready(output))) {
    if (spawnError || child.exitCode !== null || performance.now() > endsAt) {
      await stopChild(child);
      throw new BenchError(`${name} did not start: ${spawnError?.message ?? output().slice(-800)}`);
    }
    await delay(20);
  }
  return { role, pid: child.pid!, stop: () => stopChild(child) };
}

/** SIGTERM, then SIGKILL after 15 s (what has children of its own needs a while); resolves when it has ended. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await ended;
  clearTimeout(killer);
}

/** A port of loopback that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** For `ProgramOptions.ready`: it listens on a port of loopback. */
export const listensOn = (port: number) => (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
