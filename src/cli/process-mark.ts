import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process, told apart from a later one that got the same pid by when it started. */
export interface ProcessMark {
  readonly pid: number;
  readonly started: string;
}

export const ownMark = (): ProcessMark => ({ pid: process.pid, started: startOf(process.pid) ?? "" });

export const isRunning = ({ pid, started }: ProcessMark): boolean => startOf(pid) === started;

/** @returns undefined when there is no such process */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      // proc(5): the name, in brackets, may hold anything; state is the first field after it, start time the 20th.
      const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)!.split(" ");
      return fields[0] === "Z" ? undefined : fields[19];
    }
    if (process.platform === "win32") return process.kill(pid, 0) ? "" : undefined;
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}
