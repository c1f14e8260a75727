import type { Explained, Trace, TraceSpan } from "../data/trace-answers.ts";

/**
 * What is known of one request as something to draw: in time, what callees tell below what callers do. It is no tree: a
 * request that goes on through several services with one id is several calls.
 */
export function explained({ accounts }: Explained): Trace {
  const at = Math.min(...accounts.map((account) => account.at));
  const spans = [...accounts]
    .sort((a, b) => a.at - b.at)
    .map(
      (account): TraceSpan => ({
        ...account,
        depth: account.side === "server" ? 1 : 0,
        startMs: account.at - at,
      }),
    );
  return {
    traceId: spans.find(({ traceparent }) => traceparent)?.traceparent?.slice(3, 35) ?? "",
    at,
    ms: Math.max(0, ...spans.map(({ startMs, ms }) => startMs + ms)),
    spans,
  };
}
