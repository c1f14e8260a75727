import { KINDS, type Kind } from "../data/trace-answers.ts";

/** Which of the kept traces are shown. It is what the address says after the `?`, and what the registry is asked. */
export interface TraceFilter {
  readonly kind: Kind;
  /** Caller or callee. */
  readonly service?: string;
  /** Who called `service`. */
  readonly caller?: string;
  readonly leastMs: number;
}

/** What the address says; what makes no sense in it is left out. */
export function filterOf(query: URLSearchParams): TraceFilter {
  const kind = KINDS.find((one) => one === query.get("kind")) ?? "recent";
  const [service, caller] = [query.get("service"), query.get("caller")];
  const leastMs = Number(query.get("leastMs"));
  return {
    ...{ kind, leastMs: Number.isFinite(leastMs) && leastMs > 0 ? leastMs : 0 },
    ...(service ? { service } : {}),
    ...(caller ? { caller } : {}),
  };
}

function queryOf({ kind = "recent", service, caller, leastMs = 0 }: Partial<TraceFilter>): URLSearchParams {
  const query = new URLSearchParams();
  if (kind !== "recent") query.set("kind", kind);
  if (service !== undefined) query.set("service", service);
  if (caller !== undefined) query.set("caller", caller);
  if (leastMs > 0) query.set("leastMs", String(leastMs));
  return query;
}

/** Page of the traces that a filter leaves. */
export function tracesHref(filter: Partial<TraceFilter>): string {
  const query = queryOf(filter);
  return query.size === 0 ? "/traces" : `/traces?${query}`;
}

/** Where the registry is asked for them. */
export function tracesPath(filter: TraceFilter, limit: number): string {
  const query = queryOf(filter);
  query.set("limit", String(limit));
  return `/v1/traces?${query}`;
}

export const traceHref = (traceId: string): string => `/traces/${traceId}`;

/** The trace id in what somebody pasted: an id, or a `traceparent` (W3C Trace Context section 3.2.2). */
export const traceIdIn = (text: string): string | undefined =>
  /(?:^|-)([0-9a-f]{32})(?:-|$)/.exec(text.trim().toLowerCase())?.[1];

/** An `x-request-id` that the dashboard looks up, as most are; `weft explain` takes any. */
export const isRequestId = (text: string): boolean =>
  /^[\w~!$&'()*+,;=:@-][\w.~!$&'()*+,;=:@-]{0,99}$/.test(text);

export const explainHref = (requestId: string): string => `/explain/${encodeURIComponent(requestId)}`;

/** The request id of a page's address. */
export function requestIdOf(path: string): string | undefined {
  const part = /^\/explain\/([^/]+)$/.exec(path)?.[1];
  const id = part === undefined || /%(?![0-9a-f]{2})/i.test(part) ? undefined : decodeURIComponent(part);
  return id !== undefined && isRequestId(id) ? id : undefined;
}
