import type { LoadResult, Timing } from "./load/result.ts";
import type { Path } from "./paths/path.ts";
import type { Watched } from "./processes.ts";
import type { Scenario } from "./scenario.ts";
import { cpuUs, rssMiB } from "./usage.ts";

/** One measurement: a path under a scenario in one round. */
export interface Measurement extends LoadResult {
  readonly path: string;
  readonly scenario: Scenario;
  readonly round: number;
  /** CPU time in µs per request by role; empty where the system does not tell. */
  readonly cpuUs: Readonly<Record<string, number>>;
  /** Resident MiB at the end by role; empty where the system does not tell. */
  readonly rssMiB: Readonly<Record<string, number>>;
}

/** Warms up and measures one path once. CPU time is taken while it measures only. */
export async function measure(
  path: Path,
  upstream: Watched,
  scenario: Scenario,
  round: number,
  timing: Timing,
): Promise<Measurement> {
  const watched = [...path.processes, upstream];
  const readCpu = (): Record<string, number> => byRole(watched, cpuUs);
  let before = readCpu();
  const result = await path.generate(scenario, timing, () => {
    before = readCpu();
  });
  const after = readCpu();
  const perRequest = Object.entries(after).map(([role, used]) => [
    role,
    (used - (before[role] ?? used)) / Math.max(1, result.requests),
  ]);
  return {
    ...result,
    path: path.name,
    scenario,
    round,
    cpuUs: Object.fromEntries(perRequest),
    rssMiB: byRole(watched, rssMiB),
  };
}

/** Reads something of each process; those of which it is not known are left out. */
export function byRole(
  watched: readonly Watched[],
  read: (pid: number) => number | undefined,
): Record<string, number> {
  return Object.fromEntries(
    watched.flatMap(({ role, pid }) => {
      const value = read(pid);
      return value === undefined ? [] : [[role, value]];
    }),
  );
}
