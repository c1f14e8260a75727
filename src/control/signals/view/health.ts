import { msText } from "../../../protocol/duration.ts";
import type { KnownService } from "../../../registry/known-service.ts";
import type { Slow } from "./slow.ts";
import type { SlowVersion } from "./slow-versions.ts";
import type { Golden } from "./sum.ts";

export const HEALTHS = ["ok", "idle", "degraded", "failing", "down"] as const;

export interface Health {
  readonly health: (typeof HEALTHS)[number];
  /** What is wrong, in words; absent for `ok` and `idle`. */
  readonly why?: string;
}

/** Below these shares of calls that succeed a service is degraded, or failing. */
export const DEGRADED = 0.99;
const FAILING = 0.9;

/** What says that the caller may not: of the callee it says nothing, or who is denied could make it look ill. */
export const ABOUT_THE_CALLER: ReadonlySet<string> = new Set(["denied", "unauthenticated"]);

/** What of the calls to a service takes long. */
export interface Slowness {
  /** Than in the hour before. */
  readonly slow?: Slow;
  /** Than others of the same service. */
  readonly slowVersions: readonly SlowVersion[];
}

/** How a service is, by what became of the calls to it, by how long they took, and by its instances. */
export function healthOf(
  known: KnownService | undefined,
  incoming: Golden,
  ejected: number,
  { slow, slowVersions: [slowVersion] }: Slowness,
): Health {
  const instances = [...(known?.instances.values() ?? [])];
  const up = instances.filter(({ state }) => state === "up").length;
  const sick = instances.filter(({ state }) => state === "down" || state === "silent").length;
  if (instances.length > 0 && up === 0) return { health: "down", why: "no instance is up" };
  const tooSlow = [
    ...(slow === undefined ? [] : [whySlow(slow)]),
    ...(slowVersion === undefined ? [] : [whySlowVersion(slowVersion)]),
  ];
  const { success, calls } = incoming;
  const turnedAway = sum(incoming.codes, (code) => ABOUT_THE_CALLER.has(code));
  const failed =
    success === null || calls === turnedAway
      ? 0
      : ((1 - success) * calls - turnedAway) / (calls - turnedAway);
  if (failed > 1 - DEGRADED)
    return {
      health: failed > 1 - FAILING ? "failing" : "degraded",
      why: [whyOf(incoming, failed), ...tooSlow].join("; "),
    };
  if (tooSlow.length > 0) return { health: "degraded", why: tooSlow.join("; ") };
  if (sick > 0) return { health: "degraded", why: `${sick} of ${up + sick} instances are down or silent` };
  if (ejected > 0) return { health: "degraded", why: `${ejected} of ${up} instances are ejected by callers` };
  return { health: calls === 0 ? "idle" : "ok" };
}

function whyOf({ codes, statuses }: Golden, failed: number): string {
  const own = Math.max(0, statuses["5xx"] - sum(codes, (code) => !ABOUT_THE_CALLER.has(code)));
  const [code] = Object.entries({ ...codes, "5xx": own })
    .filter(([code]) => !ABOUT_THE_CALLER.has(code))
    .sort(([, a], [, b]) => b - a);
  const mostly = code === undefined || code[1] === 0 ? "" : `, mostly ${code[0]}`;
  return `${(failed * 100).toFixed(1)} % of its calls fail${mostly}`;
}

const whySlow = ({ share, ms, usualMs }: Slow): string =>
  `${share} of its calls take more than ${msText(ms)}, in the hour before usually ${msText(usualMs)}`;

const whySlowVersion = ({ version, p50, other, otherP50 }: SlowVersion): string =>
  `version ${version} is slow: half of its calls take more than ${msText(p50)}, of version ${other} more than ${msText(otherP50)}`;

const sum = (counts: Record<string, number>, of: (code: string) => boolean): number =>
  Object.entries(counts).reduce((all, [code, count]) => (of(code) ? all + count : all), 0);
