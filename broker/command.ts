import { execFile } from "node:child_process";
import type { Env } from "./cache.ts";

/**
 * Runs a program without a terminal and without questions.
 * @throws Error with the program's last words when it fails or takes longer than `withinMs`
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { env: Env; cwd?: string; withinMs: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const { env, cwd, withinMs } = options;
    const settings = {
      env: { ...env },
      cwd,
      timeout: withinMs,
      killSignal: "SIGKILL",
      maxBuffer: 8 << 20,
    } as const;
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = lastLines(stderr || stdout || error.message, 3);
      const how = error.killed ? `gave up after ${withinMs / 1000} s` : "failed";
      reject(new Error(`${program} ${args.slice(0, 2).join(" ")} ${how}: ${said}`));
    });
    child.stdin?.end();
  });
}

const lastLines = (text: string, count: number): string => text.trim().split("\n").slice(-count).join(" / ");
