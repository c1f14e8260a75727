/* What the registry answers about traces, as far as the pages read it; a test holds it to the registry's schemas. */

/** Why a trace is kept. As a filter, `recent` is all of them. */
export const KINDS = ["recent", "slow", "failed"] as const;
export type Kind = (typeof KINDS)[number];

/** A call of a kept trace, as who kept it told of it. */
export interface TraceCall {
  readonly method: string;
  readonly caller: string;
  readonly callee: string;
  readonly ms: number;
  readonly status: number;
  /** Of the mesh; empty when the app answered. */
  readonly code: string;
  readonly attempts: number;
}

export interface KeptTrace {
  readonly traceId: string;
  /** Unix ms. */
  readonly at: number;
  readonly why: readonly Kind[];
  readonly longest: TraceCall;
  /** The first that failed. */
  readonly failed?: TraceCall;
  readonly services: readonly string[];
}
export interface KeptTraces {
  readonly traces: readonly KeptTrace[];
}

export interface Attempt {
  /** Empty while nobody has said that he has it. */
  readonly instance: string;
  readonly status: number;
  readonly code: string;
  /** After the call began; old sidecars do not tell. */
  readonly afterMs?: number;
  readonly ms: number;
}

/** What one sidecar tells of one call. */
export interface Account {
  /** Unix ms by its own clock. */
  readonly at: number;
  readonly ms: number;
  readonly side: "client" | "server";
  readonly service: string;
  readonly instance: string;
  readonly caller: string;
  readonly callee: string;
  readonly method: string;
  /** Told to admins alone, as `message` and `access` are. */
  readonly path?: string;
  readonly message?: string;
  /** What authorization had against it. */
  readonly access?: string;
  readonly route?: string;
  readonly rule?: string;
  /** What made the rule take it. */
  readonly why?: string;
  readonly backend?: string;
  readonly attempts: readonly Attempt[];
  readonly injected?: string;
  /** What policy did with it: `parked, hedged`. */
  readonly marks?: string;
  /** Of `ms`, what it waited on purpose. */
  readonly waitedMs?: number;
  readonly mirrored?: boolean;
  readonly underWay?: boolean;
  /** 0 while it has not ended. */
  readonly status: number;
  readonly code: string;
  readonly traceparent?: string;
}

/** The same in its place of the tree. */
export interface TraceSpan extends Account {
  /** Index of the span that led to it. */
  readonly parent?: number;
  readonly depth: number;
  /** After the beginning of the trace. */
  readonly startMs: number;
  /** Instances that had this call and tell nothing of it. */
  readonly silent?: readonly string[];
  /** Traces that its app began while it served this: it does not forward `traceparent`. */
  readonly began?: readonly string[];
}

export interface Trace {
  readonly traceId: string;
  /** Unix ms; 0 when nobody knows of it. */
  readonly at: number;
  readonly ms: number;
  readonly spans: readonly TraceSpan[];
}

/** What all sidecars know of one request. */
export interface Explained {
  readonly requestId: string;
  readonly accounts: readonly Account[];
}
