import { readFileSync, statfsSync } from "node:fs";
import {
  arch,
  availableParallelism,
  freemem,
  loadavg,
  platform,
  release,
  totalmem,
  uptime,
  version,
} from "node:os";

/** Facts of this machine and of this program that problems often come from. Of the environment names alone. */
export const machineFacts = (state: string): unknown => ({
  os: { platform: platform(), release: release(), version: version(), arch: arch(), uptimeS: uptime() },
  cpus: { usable: availableParallelism(), load: loadavg() },
  memory: { totalBytes: totalmem(), freeBytes: freemem() },
  stateFolder: { path: state, ...disk(state) },
  clock: { now: new Date().toISOString(), zone: Intl.DateTimeFormat().resolvedOptions().timeZone },
  node: { version: process.version, versions: process.versions, flags: process.execArgv },
  limits: openFiles(),
  environmentNames: Object.keys(process.env)
    .filter((name) => /^(?:WEFT|NODE|NATS|OTEL|HTTPS?_PROXY|NO_PROXY|TZ|LANG)/i.test(name))
    .sort(),
});

function disk(folder: string): object {
  try {
    const { bsize, bavail, blocks } = statfsSync(folder);
    return { freeBytes: bsize * bavail, totalBytes: bsize * blocks };
  } catch {
    return {};
  }
}

/** As Linux tells it. */
function openFiles(): string | undefined {
  try {
    return /^Max open files.*$/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[0];
  } catch {
    return undefined;
  }
}
