import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judge } from "./goals.ts";
import { interruption } from "./interruption.ts";
import { describeMachine } from "./machine.ts";
import type { BenchOptions } from "./main.ts";
import { byRole, type Measurement, measure } from "./measure.ts";
import { startBareNats } from "./paths/bare-nats.ts";
import { startDirect } from "./paths/direct.ts";
import { startEnvoyPair } from "./paths/envoy.ts";
import { startFloor } from "./paths/floor.ts";
import { startHaproxyPair } from "./paths/haproxy.ts";
import { startMesh, startPlainMesh } from "./paths/mesh.ts";
import { startNginxPair } from "./paths/nginx.ts";
import { isSkipped, type Path, type Skipped, type StartPath, type Surroundings } from "./paths/path.ts";
import { estimateS, FIRST_WARMUP, fullPlan, type Plan, quickPlan } from "./plan.ts";
import { createProgress } from "./progress.ts";
import type { Report } from "./report/report.ts";
import { shuffled } from "./statistics.ts";
import { type Growth, measureStreams } from "./stream.ts";
import { summarize } from "./summary.ts";
import { startUpstream } from "./upstream/upstream.ts";
import { rssMiB } from "./usage.ts";

const PATHS: Readonly<Record<string, StartPath>> = {
  direct: startDirect,
  nats: startBareNats,
  floor: startFloor,
  mesh: startMesh,
  "mesh-plain": startPlainMesh,
  haproxy: startHaproxyPair,
  nginx: startNginxPair,
  envoy: startEnvoyPair,
};

/** Starts everything, measures it, and stops it again, whatever happens. */
export async function produceReport(options: BenchOptions): Promise<Report> {
  const plan = planOf(options);
  const progress = createProgress(options.progress ?? process.stderr);
  const folder = mkdtempSync(join(tmpdir(), "weft-bench-"));
  const stops: (() => Promise<void>)[] = [];
  const told = interruption();
  try {
    progress.say("starting the app");
    const bodies = plan.scenarios.map(({ bodyBytes }) => bodyBytes);
    const self = [...options.weft, "bench"];
    const upstream = await startUpstream(self, folder, bodies);
    stops.push(upstream.stop);
    const machine = await describeMachine(upstream.title);

    const around = { self, weft: options.weft, folder, upstream };
    const { paths, skipped } = await startPaths(
      options.only ?? Object.keys(PATHS),
      around,
      progress.say,
      stops,
    );
    const idle = paths.map(({ name, processes }) => ({ path: name, rssMiB: byRole(processes, rssMiB) }));

    const working = new Set(paths);
    /** A path that fails is left out from then on; the others go on. */
    const attempt = async (path: Path, work: Promise<unknown>): Promise<void> => {
      await told.or(work).catch((error: Error) => {
        if (told.happened()) throw error;
        working.delete(path);
        skipped.push({ name: path.name, reason: `it failed on the way: ${error.message}` });
      });
    };
    // First of all, so that growth counts from an idle sidecar.
    const streams: Growth[] = [];
    for (const path of plan.streamBytes > 0 ? working : []) {
      if (!path.stream) continue;
      progress.say(`streaming ${plan.streamBytes / 1024 ** 2} MiB each way through ${path.name}`);
      await attempt(
        path,
        measureStreams(path, plan.streamBytes).then((one) => streams.push(one)),
      );
    }
    for (const path of paths) {
      progress.say(`warming up ${path.name}`);
      await attempt(
        path,
        path.generate(FIRST_WARMUP, { warmupS: 0, measureS: plan.firstWarmupS }, () => {}),
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
          await attempt(
            path,
            measuring.then((one) => measurements.push(one)),
          );
        }

    const goals = judge(measurements, {
      idleMiB: largest(
        idle
          .filter(({ path }) => path === "mesh")
          .flatMap(({ rssMiB: { outbound, inbound } }) => [outbound, inbound]),
      ),
      streamGrowthMiB: largest(streams.flatMap(({ growthMiB }) => Object.values(growthMiB))),
    });
    const titles = Object.fromEntries(paths.map(({ name, title }) => [name, title]));
    const rows = summarize(measurements, plan.scenarios);
    return { machine, plan, titles, skipped, idle, rows, streams, goals, measurements };
  } finally {
    told.forget();
    progress.end();
    await Promise.allSettled(stops.reverse().map((stop) => stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

function planOf({ quick, rounds, durationS }: BenchOptions): Plan {
  const plan = quick ? quickPlan() : fullPlan();
  return { ...plan, rounds: rounds ?? plan.rounds, measureS: durationS ?? plan.measureS };
}

async function startPaths(
  names: readonly string[],
  around: Surroundings,
  say: (text: string) => void,
  stops: (() => Promise<void>)[],
): Promise<{ paths: Path[]; skipped: Skipped[] }> {
  const paths: Path[] = [];
  const skipped: Skipped[] = [];
  for (const name of names) {
    say(`starting ${name}`);
    const start = PATHS[name];
    const path = start
      ? await start(around).catch((error: Error) => ({ name, reason: error.message }))
      : { name, reason: `there is no such path; there are ${Object.keys(PATHS).join(", ")}` };
    if (isSkipped(path)) {
      skipped.push(path);
    } else {
      paths.push(path);
      stops.push(path.stop);
    }
  }
  return { paths, skipped };
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
