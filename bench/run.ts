import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judge } from "./goals.ts";
import { interruption } from "./interruption.ts";
import { describeMachine } from "./machine.ts";
import type { BenchOptions } from "./main.ts";
import { measureAll } from "./measure-all.ts";
import { startBareNats } from "./paths/bare-nats.ts";
import { startDirect } from "./paths/direct.ts";
import { startEnvoyPair } from "./paths/envoy.ts";
import { startFloor } from "./paths/floor.ts";
import { startHaproxyPair } from "./paths/haproxy.ts";
import { startMesh, startPlainMesh } from "./paths/mesh.ts";
import { startNginxPair } from "./paths/nginx.ts";
import { isSkipped, type Path, type Skipped, type StartPath, type Surroundings } from "./paths/path.ts";
import { fullPlan, type Plan, quickPlan } from "./plan.ts";
import { createProgress, type Progress } from "./progress.ts";
import type { Report } from "./report/report.ts";
import { summarize } from "./summary.ts";
import { startUpstream } from "./upstream/upstream.ts";

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
    const self = [...options.weft, "bench"];
    const bodies = plan.scenarios.map(({ bodyBytes }) => bodyBytes);
    const upstream = await startUpstream(self, folder, bodies);
    stops.push(upstream.stop);
    const machine = await describeMachine(upstream.title);
    const around = { self, weft: options.weft, folder, upstream };
    const names = options.only ?? Object.keys(PATHS);
    const { paths, skipped } = await startPaths(names, around, progress, stops);

    const found = await measureAll(plan, paths, upstream, progress, told);
    const memory = {
      idleMiB: largest(
        found.idle.filter(({ path }) => path === "mesh").flatMap(({ rssMiB }) => sidecars(rssMiB)),
      ),
      streamGrowthMiB: largest(found.streams.flatMap(({ growthMiB }) => Object.values(growthMiB))),
    };
    return {
      ...found,
      machine,
      plan,
      titles: Object.fromEntries(paths.map(({ name, title }) => [name, title])),
      skipped: [...skipped, ...found.failed],
      rows: summarize(found.measurements, plan.scenarios),
      goals: judge(found.measurements, memory),
    };
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
  progress: Progress,
  stops: (() => Promise<void>)[],
): Promise<{ paths: Path[]; skipped: Skipped[] }> {
  const paths: Path[] = [];
  const skipped: Skipped[] = [];
  for (const name of names) {
    progress.say(`starting ${name}`);
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

const sidecars = ({ outbound, inbound }: Readonly<Record<string, number>>) => [outbound, inbound];

function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
