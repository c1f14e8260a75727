import type { TraceSpan } from "../data/trace-answers.ts";
import { copiesIn } from "./copies.ts";
import { partsOf } from "./waterfall.ts";

/** Where some of the time of a trace was spent, in the middle of a sentence. */
export interface Spent {
  readonly ms: number;
  readonly where: string;
}

/** The most of the time first: waits, what apps did themselves, and what is between a caller and what its callee tells. */
export function whereTimeWent(spans: readonly TraceSpan[]): Spent[] {
  const copies = copiesIn(spans);
  const spent = spans.flatMap((span, i): Spent[] => {
    if (copies.has(span)) return [];
    const children = spans.filter((child) => child.parent === i && !copies.has(child));
    const parts = partsOf(span);
    const waits = parts.flatMap((part) =>
      part.kind === "wait" ? [{ ms: part.ms, where: `waiting: ${titleOf(span)}, ${part.what}` }] : [],
    );
    const placed = parts.filter((part) => part.kind === "wait" && part.startMs !== undefined) as Covered[];
    return [
      ...waits,
      { ms: span.ms - covered(span, [...children, ...placed]), where: ownPlace(span, children) },
    ];
  });
  const sums = new Map<string, number>();
  for (const { where, ms } of spent) sums.set(where, (sums.get(where) ?? 0) + ms);
  return [...sums]
    .map(([where, ms]) => ({ where, ms }))
    .filter(({ ms }) => ms > 0)
    .sort((a, b) => b.ms - a.ms);
}

/** `shop → orders`, or the instance that served a call. */
export const titleOf = ({ side, caller, callee, service, instance }: TraceSpan): string =>
  side === "client" ? `${caller} → ${callee}` : `${service}, instance ${instance}`;

function ownPlace(span: TraceSpan, children: readonly TraceSpan[]): string {
  const { side, service, instance, callee, attempts, silent } = span;
  if (side === "server") return `in the app of ${service}, instance ${instance}`;
  if (attempts.length === 0) return `in the sidecar of ${service}`;
  if (callee.startsWith("egress:")) return `at ${callee}`;
  if (silent !== undefined) return `at ${callee}, instance ${silent.join(" and ")}, which tells nothing`;
  return children.length === 0 ? `at ${callee}, which tells nothing` : `between ${service} and ${callee}`;
}

interface Covered {
  readonly startMs: number;
  readonly ms: number;
}

/** How much of a stretch others cover, together. */
function covered({ startMs, ms }: Covered, others: readonly Covered[]): number {
  let sum = 0;
  let from = startMs;
  for (const other of [...others].sort((a, b) => a.startMs - b.startMs)) {
    const to = Math.min(startMs + ms, other.startMs + other.ms);
    const begins = Math.max(from, other.startMs);
    if (to > begins) sum += to - begins;
    from = Math.max(from, to);
  }
  return sum;
}
