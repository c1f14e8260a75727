import { ABOUT_THE_CALLER, DEGRADED } from "../../control/signals/view/health.ts";
import { type Edge, type Graph, type Node, percent } from "../signals/rows.ts";
import { type Finding, warn } from "./check.ts";

/**
 * Callers whose calls to a service fail, where nothing that is said of the service tells so: who is denied does not make
 * it look ill. The most failed calls first.
 * @param most findings of this kind
 */
export function failingEdges({ nodes, edges }: Graph, most: number): Finding[] {
  const callees = new Map(nodes.map((node) => [node.service, node]));
  const bad = edges
    .filter((edge) => isLow(edge.success) && !isToldOf(callees.get(edge.to), edge))
    .sort((a, b) => failedOf(b) - failedOf(a));
  const told = bad.slice(0, most).map(findingOf);
  const rest = bad.length - told.length;
  if (rest <= 0) return told;
  return [...told, warn("services", `calls of ${rest} more callers fail`, "weft edges lists all")];
}

const isLow = (success: number | null): boolean => success !== null && success < DEGRADED;

/** Calls that nobody serves, and most of those to a service that fails. */
function isToldOf(callee: Node | undefined, edge: Edge): boolean {
  if (callee === undefined) return false;
  const isIll = callee.health !== "ok" && isLow(callee.in.success);
  return !callee.isServed || (isIll && !ABOUT_THE_CALLER.has(mostly(edge)));
}

function findingOf(edge: Edge): Finding {
  const { from, to, calls } = edge;
  const what = mostly(edge);
  return warn(
    "services",
    `${from} -> ${to}: ${percent(failedOf(edge) / calls)} of its calls fail${what === "" ? "" : `, mostly ${what}`}`,
    `weft edges ${to} shows all its callers; weft traces ${to} --failed lists such calls, and weft trace tells why`,
  );
}

/** How many; the share is a rounded one. */
const failedOf = ({ calls, success }: Edge): number => Math.round(calls * (1 - (success ?? 1)));

/** The most frequent code. Whoever leaves has not failed; what no code accounts for, the app answered. */
function mostly(edge: Edge): string {
  const codes = Object.entries(edge.codes).filter(([code]) => code !== "cancelled");
  const byApp = failedOf(edge) - codes.reduce((sum, [, count]) => sum + count, 0);
  const [most] = [...codes, ["5xx of the app", byApp] as const].sort(([, a], [, b]) => b - a);
  return most === undefined || most[1] <= 0 ? "" : most[0];
}
