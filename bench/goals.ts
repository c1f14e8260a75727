import type { Measurement } from "./measure.ts";
import { percentileIndex, type Scenario, scenarioKey } from "./scenario.ts";
import { median } from "./statistics.ts";
import { requestsPerS } from "./summary.ts";

/** How far a figure may miss a goal: the resolution of the measurement. */
export const TOLERANCE = 0.1;

/** A figure to reach, as a ratio of two paths in the same round, or by itself. */
export interface Goal {
  readonly name: string;
  readonly better: "higher" | "lower";
  /** What must be reached now, and what comes next. */
  readonly now: number;
  readonly next: number;
}

export interface Verdict extends Goal {
  /** Undefined when the run has nothing to judge it by. */
  readonly value: number | undefined;
  /** How many rounds it comes from. */
  readonly rounds: number;
  readonly verdict: "reached" | "within tolerance" | "missed" | "not measured";
}

/** What is not measured round by round. */
export interface SingleFigures {
  /** RSS in MiB of the larger idle sidecar. */
  readonly idleMiB: number | undefined;
  /** Most that a sidecar grew by, in MiB, while it streamed. */
  readonly streamGrowthMiB: number | undefined;
  /** How long `weft apply` takes for 1,000 routes, in s. */
  readonly applyS: number | undefined;
}

type Figure = (one: Measurement) => number;

const closed = (connections: number, bodyBytes = 0): Scenario => ({
  load: { kind: "closed", connections },
  bodyBytes,
});
const p50: Figure = (one) => one.percentilesUs[percentileIndex(50)]!;
const p99: Figure = (one) => one.percentilesUs[percentileIndex(99)]!;
const sidecarCpu: Figure = ({ cpuUs }) => (cpuUs.outbound ?? Number.NaN) + (cpuUs.inbound ?? Number.NaN);

/** What may cost a tenth of the throughput at most. */
const LOOKING = [
  ["with every call logged and sampled", "mesh-logged"],
  ["with every call logged, and its spans sent", "mesh-traced"],
  ["with a tap", "mesh-tapped"],
] as const;

/** The goals of the mesh; sources and reasons are in the README. */
export function judge(measurements: readonly Measurement[], single: SingleFigures): Verdict[] {
  const ratio = (goal: Goal, scenario: Scenario, figure: Figure, over: string, under: string): Verdict => {
    const values = pairedRatios(measurements, scenario, figure, over, under);
    return verdict(goal, values.length === 0 ? undefined : median(values), values.length);
  };
  const higher = (name: string, now: number, next: number): Goal => ({ name, better: "higher", now, next });
  const lower = (name: string, now: number, next: number): Goal => ({ name, better: "lower", now, next });
  return [
    ratio(
      higher("req/s ÷ HAProxy pair, 64 connections", 0.5, 0.75),
      closed(64),
      requestsPerS,
      "mesh-plain",
      "haproxy",
    ),
    ratio(
      higher("req/s ÷ Envoy pair, 64 connections", 1, 1.5),
      closed(64),
      requestsPerS,
      "mesh-plain",
      "envoy",
    ),
    ratio(lower("p50 ÷ HAProxy pair, 1 connection", 2.8, 2.2), closed(1), p50, "mesh-plain", "haproxy"),
    ratio(lower("p99 ÷ HAProxy pair, 64 connections", 2, 1.4), closed(64), p99, "mesh-plain", "haproxy"),
    ratio(
      lower("CPU of both sidecars ÷ floor, 64 connections", 2.5, 1.5),
      closed(64),
      sidecarCpu,
      "mesh-plain",
      "floor",
    ),
    ratio(
      higher("req/s with TLS ÷ without, 64 connections", 0.6, 0.75),
      closed(64),
      requestsPerS,
      "mesh",
      "mesh-plain",
    ),
    ratio(
      higher("req/s ÷ HAProxy pair, 64 KiB bodies, 16 connections", 0.25, 0.4),
      closed(16, 65_536),
      requestsPerS,
      "mesh-plain",
      "haproxy",
    ),
    ratio(
      higher("req/s with a route ÷ without, 64 connections", 0.85, 0.95),
      closed(64),
      requestsPerS,
      "mesh-routed",
      "mesh-plain",
    ),
    ...LOOKING.map(([what, path]) =>
      ratio(
        higher(`req/s ${what} ÷ the usual, 64 connections`, 0.9, 0.95),
        closed(64),
        requestsPerS,
        path,
        "mesh-usual",
      ),
    ),
    verdict(lower("apply of 1,000 routes, s", 2, 1), single.applyS, 1),
    verdict(lower("RSS of an idle sidecar, MiB", 75, 60), single.idleMiB, 1),
    verdict(lower("RSS growth while 1 GiB streams, MiB", 32, 16), single.streamGrowthMiB, 1),
  ];
}

/** The figure of one path divided by that of another, round by round: what disturbs both cancels out. */
export function pairedRatios(
  measurements: readonly Measurement[],
  scenario: Scenario,
  figure: Figure,
  over: string,
  under: string,
): number[] {
  const key = scenarioKey(scenario);
  const here = measurements.filter((one) => scenarioKey(one.scenario) === key);
  return here
    .filter((one) => one.path === over)
    .flatMap((one) => {
      const other = here.find(({ path, round }) => path === under && round === one.round);
      const value = other ? figure(one) / figure(other) : Number.NaN;
      return Number.isFinite(value) ? [value] : [];
    });
}

export function verdict(goal: Goal, value: number | undefined, rounds: number): Verdict {
  if (value === undefined) return { ...goal, value, rounds: 0, verdict: "not measured" };
  const miss = goal.better === "higher" ? goal.now / value : value / goal.now;
  const word = miss <= 1 ? "reached" : miss <= 1 + TOLERANCE ? "within tolerance" : "missed";
  return { ...goal, value, rounds, verdict: word };
}
