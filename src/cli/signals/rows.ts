import type { z } from "zod";
import type { graphAnswer, signalsAnswer } from "../../control/signals/http/schemas.ts";
import { msText } from "../../protocol/duration.ts";
import { age } from "../get/rows.ts";

/** As the registry's HTTP API has them; /openapi.json describes every field. */
export type Graph = z.infer<typeof graphAnswer>;
export type Node = Graph["nodes"][number];
export type Edge = Graph["edges"][number];
export type ServiceSignals = z.infer<typeof signalsAnswer>;
type Golden = Node["in"];

const GOLDEN_HEAD = ["RATE", "SUCCESS", "P50", "P90", "P99"];
const POLICY_HEAD = ["RETRY", "EJECT", "PARK", "LIMIT", "SHED"];

export const SERVICE_HEAD = ["SERVICE", "HEALTH", "UP", ...GOLDEN_HEAD, ...POLICY_HEAD, "WHY"];

/** The calls to a service; for one that nobody calls, those that it makes are not shown. */
export const serviceRow = ({ service, health, instances, in: incoming, why }: Node): string[] => [
  ...[service, health, String(instances)],
  ...[...goldenCells(incoming), ...policyCells(incoming)],
  why ?? "-",
];

export const EDGE_HEAD = [
  "CALLER",
  "CALLEE",
  "VERSIONS",
  ...GOLDEN_HEAD,
  "RETRY",
  "SEEN BY",
  "ENDED BY THE MESH",
];

export const edgeRow = (edge: Edge): string[] => [
  ...[edge.from, edge.to, split(edge)],
  ...goldenCells(edge),
  ...[String(edge.retries), edge.seenBy, codes(edge)],
];

/** One service: all calls to it, those from it, and then the parts that were asked for. */
export function signalRows({ service, in: incoming, out, by }: ServiceSignals): string[][] {
  const row = (what: string, name: string, golden: Golden, isKnown = (_: string): boolean => true) => [
    ...[what, name],
    ...[...goldenCells(golden), ...policyCells(golden, isKnown)],
    codes(golden),
  ];
  const isKnown = (count: string): boolean => by.policy.some((known) => known === count);
  return [
    ["CALLS", by.dimension.toUpperCase(), ...GOLDEN_HEAD, ...POLICY_HEAD, "ENDED BY THE MESH"],
    row(`to ${service}`, "all", incoming),
    ...(out.calls > 0 ? [row(`from ${service}`, "all", out)] : []),
    ...by.rows.map((one) =>
      row(
        `${by.direction === "in" ? "to" : "from"} ${service}`,
        one.name === "" ? "-" : one.name,
        one,
        isKnown,
      ),
    ),
  ];
}

/** How each instance is now, as its latest report says. @param now Unix ms */
export const instanceRows = ({ instances }: ServiceSignals, now: number): string[][] => [
  ["INSTANCE", "VERSION", "CALLS IN", "CALLS OUT", "WAITING", "LIMIT", "JWT ENDS IN", "CERTIFICATE ENDS IN"],
  ...instances.map(({ instance, version, inFlight, app, expiry }) => [
    ...[instance, version, String(inFlight.server), String(inFlight.client)],
    ...[String(app?.waiting ?? "-"), String(app?.limit ?? "-")],
    ...[expiry?.jwt, expiry?.leaf].map((at) => (at === undefined ? "-" : endsIn(at - now))),
  ]),
];

const endsIn = (ms: number): string => (ms <= 0 ? "ended" : age(ms));

const goldenCells = ({ rate, success, p50, p90, p99 }: Golden): string[] => [
  ...[perSecond(rate), percent(success)],
  ...[p50, p90, p99].map(time),
];

/** @param isKnown false for what rows of this kind do not tell */
const policyCells = (golden: Golden, isKnown: (count: string) => boolean = () => true): string[] => {
  const { retries, ejections, parked, limited } = golden;
  const counts = { retries, ejections, parked, limited, shed: golden.shed + golden.overloaded };
  return Object.entries(counts).map(([name, count]) => (isKnown(name) ? String(count) : "-"));
};

/** `v1 90 %, v2 10 %`; a call that was given no version had nobody to go to. */
function split({ versions, calls }: Edge): string {
  const named = versions.filter(({ version }) => version !== "");
  if (named.length === 0) return "-";
  return named
    .sort((a, b) => a.version.localeCompare(b.version, "en", { numeric: true }))
    .map((one) => (named.length === 1 ? `v${one.version}` : `v${one.version} ${share(one.calls / calls)}`))
    .join(", ");
}

/** The three most frequent codes: `no-instance 12, deadline 3`. */
function codes({ codes: all }: Golden): string {
  const entries = Object.entries(all).sort(([, a], [, b]) => b - a);
  if (entries.length === 0) return "-";
  const more = entries.length > 3 ? ` +${entries.length - 3}` : "";
  return `${entries
    .slice(0, 3)
    .map(([code, count]) => `${code} ${count}`)
    .join(", ")}${more}`;
}

/** Three digits at least, so that what is rare is not told as nothing. */
export const perSecond = (rate: number): string =>
  `${rate >= 100 ? Math.round(rate) : rate.toFixed(rate > 0 && rate < 1 ? 2 : 1)}/s`;

/** Never shown as more than it is: 99.97 % is not 100 %. */
export function percent(success: number | null): string {
  if (success === null) return "-";
  const tenths = success === 1 ? 1000 : Math.floor(success * 1000);
  return `${(tenths / 10).toFixed(1)} %`;
}

const share = (part: number): string => `${Math.round(part * 100)} %`;

export const time = (ms: number | null): string => (ms === null ? "-" : msText(ms));
