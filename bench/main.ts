import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judge } from "./goals.ts";
import { describeMachine, machineSentence } from "./machine.ts";
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
import { htmlReport } from "./report/html.ts";
import type { Report } from "./report/report.ts";
import { goalsText, grid, textTable } from "./report/text.ts";
import { shuffled } from "./statistics.ts";
import { type Growth, measureStreams } from "./stream.ts";
import { summarize } from "./summary.ts";
import { startUpstream } from "./upstream/upstream.ts";
import { rssMiB } from "./usage.ts";

export interface BenchOptions {
  /** Command line of `weft`, for the mesh and for the processes of the bench itself (`weft bench role …`). */
  readonly weft: readonly string[];
  readonly quick?: boolean;
  readonly rounds?: number;
  readonly durationS?: number;
  /** Names of paths to measure; all by default. */
  readonly only?: readonly string[];
  readonly json?: string;
  readonly html?: string;
  /** Exit code 1 when a goal is missed. */
  readonly check?: boolean;
  /** Where the table goes; stdout by default. */
  readonly print?: (text: string) => void;
  /** Where the progress line goes; stderr by default. */
  readonly progress?: NodeJS.WritableStream;
}

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

/** Runs the latency suite and prints its table. Gives the exit code. */
export async function runBench(options: BenchOptions): Promise<number> {
  const { print = (text) => process.stdout.write(`${text}\n`) } = options;
  const report = await produce(options);
  print(machineSentence(report.machine));
  for (const { name, reason } of report.skipped) print(`left out: ${name}: ${reason}`);
  print(`\n${textTable(report.rows)}`);
  if (report.streams.length > 0) print(`\n${streamsText(report.streams)}`);
  print(`\n${goalsText(report.goals)}`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 1)}\n`);
  if (options.html) writeFileSync(options.html, htmlReport(report));
  for (const file of [options.json, options.html]) if (file) print(`written: ${file}`);
  return options.check && report.goals.some(({ verdict }) => verdict === "missed") ? 1 : 0;
}

async function produce(options: BenchOptions): Promise<Report> {
  const plan = planOf(options);
  const progress = createProgress(options.progress ?? process.stderr);
  const folder = mkdtempSync(join(tmpdir(), "weft-bench-"));
  const stops: (() => Promise<void>)[] = [];
  try {
    progress.say("starting the app");
    const bodies = plan.scenarios.map(({ bodyBytes }) => bodyBytes);
    const self = [...options.weft, "bench"];
    const upstream = await startUpstream(self, folder, bodies, plan.streamBytes);
    stops.push(() => upstream.process.stop());
    const machine = await describeMachine(upstream.title);

    const around = { self, weft: options.weft, folder, upstream };
    const { paths, skipped } = await startPaths(
      options.only ?? Object.keys(PATHS),
      around,
      progress.say,
      stops,
    );
    const idle = paths.map(({ name, processes }) => ({ path: name, rssMiB: byRole(processes, rssMiB) }));

    progress.begin(estimateS(plan, paths.length));
    for (const path of paths) {
      progress.say(`warming up ${path.name}`);
      await path.generate(FIRST_WARMUP, { warmupS: 0, measureS: plan.firstWarmupS }, () => {});
    }
    const measurements: Measurement[] = [];
    for (let round = 1; round <= plan.rounds; round++)
      for (const scenario of shuffled(plan.scenarios))
        for (const path of shuffled(paths)) {
          if (path.unfit?.(scenario)) continue;
          progress.measuring(round, plan.rounds, path.name, scenario);
          measurements.push(await measure(path, upstream.process, scenario, round, plan));
        }

    const streams: Growth[] = [];
    for (const path of plan.streamBytes > 0 ? paths : []) {
      if (!path.stream) continue;
      progress.say(`streaming ${plan.streamBytes / 1024 ** 2} MiB each way through ${path.name}`);
      streams.push(await measureStreams(path, upstream.streamPath, plan.streamBytes));
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
    const path = (await PATHS[name]?.(around)) ?? {
      name,
      reason: `there is no such path; there are ${Object.keys(PATHS).join(", ")}`,
    };
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

const streamsText = (streams: readonly Growth[]): string =>
  `streaming ${streams[0]!.bytes / 1024 ** 2} MiB each way\n${grid([
    ["path", "up MiB/s", "down MiB/s", "grew by MiB"],
    ...streams.map(({ path, upMiBPerS, downMiBPerS, growthMiB }) => [
      path,
      upMiBPerS.toFixed(0),
      downMiBPerS.toFixed(0),
      Object.entries(growthMiB)
        .map(([role, mib]) => `${role} ${mib.toFixed(1)}`)
        .join(", "),
    ]),
  ])}`;
