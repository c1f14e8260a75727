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

/**
 * Starts a program that listens, and waits until it does.
 * @param folder where its output goes, as `<name>.log`
 * @throws BenchError with the end of its log, when it ends or does not listen within 15 s
 */
export async function startProgram(
  role: string,
  [command, ...args]: readonly string[],
  { port, folder, name, env }: { port: number; folder: string; name: string; env?: NodeJS.ProcessEnv },
): Promise<Started> {
  const logFile = join(folder, `${name}.log`);
  const log = openSync(logFile, "w", 0o600);
  const child = spawn(command!, args, {
    stdio: ["ignore", log, log],
    env: { ...process.env, ...env },
  });
  closeSync(log);
  let spawnError: Error | undefined;
  child.once("error", (error) => {
    spawnError = error;
  });
  const endsAt = performance.now() + 15_000;
  while (!(await accepts(port))) {
    if (spawnError || child.exitCode !== null || performance.now() > endsAt) {
      await stopChild(child);
      const why = spawnError?.message ?? readFileSync(logFile, "utf8").slice(-800);
      throw new BenchError(`${name} did not start: ${why}`);
    }
    await delay(20);
  }
  return { role, pid: child.pid!, stop: () => stopChild(child) };
}

/** SIGTERM, then SIGKILL after 5 s; resolves when it has ended. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), 5000);
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

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
