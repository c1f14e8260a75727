import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A program made of a few lines of shell, to stand in for a real one. */
export function script(path: string, lines: string, mode = 0o755): string {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  writeFileSync(path, `#!/bin/sh\n${lines}\n`, { mode });
  return path;
}

/** Something called nats-server that only knows how to answer `--version`. */
export const scriptedServer = (folder: string, lines = "echo nats-server: v2.12.3", mode = 0o755): string =>
  script(join(folder, "nats-server"), lines, mode);
