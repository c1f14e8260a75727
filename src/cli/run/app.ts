import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { Fault } from "../fault.ts";
import { printError } from "../print-error.ts";

/** The user's command, while it runs. */
export interface App {
  readonly pid: number | undefined;
  /** Resolves with the exit code: its own, or 128 + n when signal n ended it, as a shell has it. */
  readonly ended: Promise<number>;
  signal(name: NodeJS.Signals): void;
  /** It and all that it started, at once. */
  kill(): void;
}

/** Starts the command with the terminal as its own. */
export function startApp([command = "", ...args]: readonly string[], env: NodeJS.ProcessEnv): App {
  // A group of its own: a Ctrl-C in the terminal must not reach the app before it has left the mesh.
  const grouped = process.platform !== "win32";
  const child = spawn(command, args, { env, stdio: "inherit", detached: grouped });
  const ended = new Promise<number>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => resolve(notStarted(command, error)));
    child.once("exit", (code, signal) => resolve(signal ? 128 + constants.signals[signal] : (code ?? 1)));
  });
  return {
    pid: child.pid,
    ended,
    signal: (name) => void child.kill(name),
    kill: () => (grouped ? killGroup(child) : void child.kill("SIGKILL")),
  };
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // all of it has ended meanwhile
  }
}

function notStarted(command: string, { code }: NodeJS.ErrnoException): number {
  const missing = code === "ENOENT";
  printError(
    new Fault(
      missing ? `there is no command ${command}` : `${command} cannot be run (${code})`,
      missing
        ? "check its name, and PATH; it follows -- with its arguments"
        : "check that it is a program you may run",
    ),
  );
  return missing ? 127 : 126;
}
