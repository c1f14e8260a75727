import { execFileSync } from "node:child_process";

const PREFIX = ["setpriv", "--pdeathsig", "TERM", "--"];
let works: boolean | undefined;

/**
 * What to put before a command so that the kernel sends it SIGTERM when this process dies, even by SIGKILL: util-linux's
 * setpriv, where it is there (Linux). Elsewhere nothing; the next start finds the server that was left behind.
 */
export function dieWithParent(): readonly string[] {
  works ??= process.platform === "linux" && succeeds([...PREFIX, "true"]);
  return works ? PREFIX : [];
}

function succeeds([program, ...args]: readonly string[]): boolean {
  try {
    execFileSync(program!, args, { stdio: "ignore", timeout: 1000 });
    return true;
  } catch {
    return false; // not installed, or BusyBox's, which cannot do this
  }
}
