import type { TraceSpan } from "../data/trace-answers.ts";

/** Mirrors' copies of calls, and all that came of them: no call waits for it. @param spans each after its parent */
export function copiesIn(spans: readonly TraceSpan[]): ReadonlySet<TraceSpan> {
  const copies = new Set<TraceSpan>();
  for (const span of spans)
    if (span.mirrored || (span.parent !== undefined && copies.has(spans[span.parent]!))) copies.add(span);
  return copies;
}
