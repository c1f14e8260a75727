import type { TraceSpan } from "../data/trace-answers.ts";
import { copiesIn } from "./copies.ts";
import { FreeTime } from "./free-time.ts";
import { partsOf, type WaitPart } from "./waterfall.ts";

/** Where some of the time of a trace was spent, in the middle of a sentence. */
export interface Spent {
  readonly ms: number;
  readonly where: string;
}

/**
 * The most of the time first: waits, what apps did themselves, and what is between a caller and what its callee tells. Of
 * parts side by side each moment is counted for one: that which ended last, but of attempts rather that which answered.
 * So all together are never more than the trace took.
 */
export function whereTimeWent(spans: readonly TraceSpan[]): Spent[] {
  const shares = new Shares(spans);
  for (const root of shares.below(undefined)) shares.share(root, root);
  // What went on after nobody waited for it any more; callees before callers.
  for (const span of [...spans].reverse()) shares.takeRest(span);
  return shares.all().sort((a, b) => b.ms - a.ms);
}

/** Gives the time of a trace away, each moment once. */
class Shares {
  readonly #spans: readonly TraceSpan[];
  readonly #copies: ReadonlySet<TraceSpan>;
  readonly #free = new FreeTime();
  readonly #sums = new Map<string, number>();

  constructor(spans: readonly TraceSpan[]) {
    this.#spans = spans;
    this.#copies = copiesIn(spans);
  }

  /** What a span led to, without copies. */
  below(parent: TraceSpan | undefined): TraceSpan[] {
    const index = parent === undefined ? undefined : this.#spans.indexOf(parent);
    return this.#spans
      .filter((span) => span.parent === index && !this.#copies.has(span))
      .sort(
        (a, b) => Number(gaveNoAnswer(a, parent)) - Number(gaveNoAnswer(b, parent)) || endOf(b) - endOf(a),
      );
  }

  /** @param awaited the time in which its caller waited for it */
  share(span: TraceSpan, awaited: Stretch): void {
    const own = overlap(span, awaited);
    const waits = partsOf(span).filter(({ kind }) => kind === "wait") as WaitPart[];
    for (const { startMs, ms, what } of waits)
      if (startMs !== undefined) this.#add(waitOf(span, what), this.#take(overlap({ startMs, ms }, own)));
    const children = this.below(span);
    for (const child of children) this.share(child, own);
    let left = this.#take(own);
    for (const { startMs, ms, what } of waits) {
      if (startMs !== undefined) continue;
      const waited = Math.min(left, ms);
      this.#add(waitOf(span, what), waited);
      left -= waited;
    }
    this.#add(ownPlace(span, children), left);
  }

  takeRest(span: TraceSpan): void {
    if (!this.#copies.has(span)) this.#add(ownPlace(span, this.below(span)), this.#take(span));
  }

  all(): Spent[] {
    return [...this.#sums].map(([where, ms]) => ({ where, ms }));
  }

  #take({ startMs, ms }: Stretch): number {
    return this.#free.take(startMs, startMs + ms);
  }

  #add(where: string, ms: number): void {
    if (ms > 0) this.#sums.set(where, (this.#sums.get(where) ?? 0) + ms);
  }
}

interface Stretch {
  readonly startMs: number;
  readonly ms: number;
}

const endOf = ({ startMs, ms }: Stretch): number => startMs + ms;

function overlap(a: Stretch, b: Stretch): Stretch {
  const startMs = Math.max(a.startMs, b.startMs);
  return { startMs, ms: Math.max(0, Math.min(endOf(a), endOf(b)) - startMs) };
}

/** An instance of which the caller had no answer: another was quicker, or it took too long. */
function gaveNoAnswer({ side, instance }: TraceSpan, caller: TraceSpan | undefined): boolean {
  const attempts = caller?.attempts.filter((one) => one.instance === instance) ?? [];
  return side === "server" && attempts.length > 0 && attempts.every(({ code }) => code !== "");
}

const waitOf = (span: TraceSpan, what: string): string => `waiting: ${titleOf(span)}, ${what}`;

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
