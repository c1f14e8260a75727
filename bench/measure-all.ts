import type { Interruption } from "./interruption.ts";
import { byRole, type Measurement, measure } from "./measure.ts";
import type { Path, Skipped } from "./paths/path.ts";
import { estimateS, FIRST_WARMUP, type Plan } from "./plan.ts";
import type { Progress } from "./progress.ts";
import type { Report } from "./report/report.ts";
import { shuffled } from "./statistics.ts";
import { type Growth, measureStreams } from "./stream.ts";
import type { Upstream } from "./upstream/upstream.ts";
import { rssMiB } from "./usage.ts";

export interface Found extends Pick<Report, "idle" | "streams" | "measurements"> {
  /** Paths that failed while they were measured, and were left out from then on. */
  readonly failed: readonly Skipped[];
}

/**
 * Carries out the plan: memory of what is idle, streams (so that growth counts from an idle sidecar), a warm-up of each
 * path, then round by round everything in shuffled order, the paths of one scenario close together.
 */
export async function measureAll(
  plan: Plan,
  paths: readonly Path[],
  upstream: Upstream,
  progress: Progress,
  told: Interruption,
): Promise<Found> {
  const working = new Set(paths);
  const failed: Skipped[] = [];
  const attempt = async <T>(path: Path, work: Promise<T>, keep: (value: T) => void): Promise<void> => {
    try {
      keep(await told.or(work));
    } catch (error) {
      if (told.happened()) throw error;
      working.delete(path);
      failed.push({ name: path.name, reason: `it failed on the way: ${(error as Error).message}` });
    }
  };

  const idle = paths.map(({ name, processes }) => ({ path: name, rssMiB: byRole(processes, rssMiB) }));

  const streams: Growth[] = [];
  for (const path of plan.streamBytes > 0 ? paths : []) {
    if (!path.stream) continue;
    progress.say(`streaming ${plan.streamBytes / 1024 ** 2} MiB each way through ${path.name}`);
    await attempt(path, measureStreams(path, plan.streamBytes), (one) => streams.push(one));
  }

  for (const path of [...working]) {
    progress.say(`warming up ${path.name}`);
    const timing = { warmupS: 0, measureS: plan.firstWarmupS };
    await attempt(
      path,
      path.generate(FIRST_WARMUP, timing, () => {}),
      () => {},
    );
  }

  progress.begin(estimateS(plan, working.size));
  const measurements: Measurement[] = [];
  for (let round = 1; round <= plan.rounds; round++)
    for (const scenario of shuffled(plan.scenarios))
      for (const path of shuffled([...working])) {
        if (path.unfit?.(scenario)) continue;
        progress.measuring(round, plan.rounds, path.name, scenario);
        const measuring = measure(path, upstream.process, scenario, round, plan);
        await attempt(path, measuring, (one) => measurements.push(one));
      }
  return { idle, streams, measurements, failed };
}
