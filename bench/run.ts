import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeBalance } from "./balance/balance-goals.ts";
import type { BalanceMeasurement } from "./balance/measure-balance.ts";
import { judge } from "./goals.ts";
import { type Interruption, interruption } from "./interruption.ts";
import { describeMachine } from "./machine.ts";
import type { BenchOptions } from "./main.ts";
import { measureAll } from "./measure-all.ts";
import { startBareNats } from "./paths/bare-nats.ts";
import { startDirect } from "./paths/direct.ts";
import { startEnvoyPair } from "./paths/envoy.ts";
import { startFloor } from "./paths/floor.ts";
import { startHaproxyPair } from "./paths/haproxy.ts";
import {
  startLoggedMesh,
  startMesh,
  startPlainMesh,
  startRoutedMesh,
  startTappedMesh,
  startTracedMesh,
  startUsualMesh,
} from "./paths/mesh.ts";
import { startNginxPair } from "./paths/nginx.ts";
import { isSkipped, type Path, type Skipped, type StartPath, type Surroundings } from "./paths/path.ts";
import { fullPlan, NOT_QUICK, type Plan, quickPlan } from "./plan.ts";
import type { PolicyFigures } from "./policy/measure-policy.ts";
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
  "mesh-routed": startRoutedMesh,
  "mesh-usual": startUsualMesh,
  "mesh-logged": startLoggedMesh,
  "mesh-traced": startTracedMesh,
  "mesh-tapped": startTappedMesh,
  haproxy: startHaproxyPair,
  nginx: startNginxPair,
  envoy: startEnvoyPair,
};

/** Named among the paths by `--only`; they are none. */
export const POLICY = "policy";
export const BALANCE = "balance";

/** Of the goal: 1,000 routes over 200 services. */
const MANY_ROUTES = { services: 200, routesEach: 5 };

/** A caller that has just been started is to have compiled its code, and to have learnt who is slow or failing. */
const BALANCE_WARMUP_S = 3;

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
    const names = options.only ?? namesIn(options);
    const apart = apartFrom(names, told, stops);
    // Before the paths, so that none of their processes disturbs them.
    const policy = await apart.measure(POLICY, () => measureManyRoutes(around, plan, progress));
    const balance = await apart.measure(BALANCE, () => measureBalancing(around, plan, progress, told));
    const wanted = names.filter((name) => name !== POLICY && name !== BALANCE);
    const { paths, skipped } = await startPaths(wanted, around, progress, stops);

    const found = await measureAll(plan, paths, upstream, progress, told);
    const single = {
      applyS: policy && policy.applyMs / 1000,
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
      policy,
      balance: balance ?? [],
      skipped: [...apart.skipped, ...skipped, ...found.failed],
      rows: summarize(found.measurements, plan.scenarios),
      goals: [...judge(found.measurements, single), ...judgeBalance(balance ?? [])],
    };
  } finally {
    told.forget();
    progress.end();
    await Promise.allSettled(stops.reverse().map((stop) => stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

const namesIn = ({ quick }: BenchOptions): string[] =>
  [...Object.keys(PATHS), POLICY, BALANCE].filter((name) => !(quick && NOT_QUICK.includes(name)));

function planOf({ quick, rounds, durationS }: BenchOptions): Plan {
  const plan = quick ? quickPlan() : fullPlan();
  return {
    ...plan,
    rounds: rounds ?? plan.rounds,
    policyRounds: rounds ?? plan.policyRounds,
    balanceRounds: rounds ?? plan.balanceRounds,
    balanceS: durationS ?? plan.balanceS,
    measureS: durationS ?? plan.measureS,
  };
}

/** What is measured on a mesh of its own, if it is among the names. What fails is left out. */
function apartFrom(names: readonly string[], told: Interruption, stops: (() => Promise<void>)[]) {
  const skipped: Skipped[] = [];
  return {
    skipped,
    async measure<T>(name: string, begin: () => Promise<T>): Promise<T | undefined> {
      if (!names.includes(name)) return undefined;
      const measuring = begin();
      // It stops what it has started itself; an interrupted run waits for that.
      stops.push(async () => void (await measuring));
      try {
        return await told.or(measuring);
      } catch (error) {
        if (told.happened()) throw error;
        skipped.push({ name, reason: (error as Error).message });
        return undefined;
      }
    },
  };
}

async function measureManyRoutes(
  around: Surroundings,
  { policyRounds: rounds }: Plan,
  progress: Progress,
): Promise<PolicyFigures> {
  progress.say("applying many routes");
  const { measurePolicy } = await import("./policy/measure-policy.ts");
  return measurePolicy(around, { ...MANY_ROUTES, rounds });
}

async function measureBalancing(
  around: Surroundings,
  { balanceRounds: rounds, balanceS: measureS }: Plan,
  { say }: Progress,
  { or }: Interruption,
): Promise<BalanceMeasurement[]> {
  const { measureBalance } = await import("./balance/measure-balance.ts");
  return measureBalance(around, { rounds, warmupS: BALANCE_WARMUP_S, measureS, say, or });
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
