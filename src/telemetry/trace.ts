import { formatTraceparent, newTraceContext, parseTraceparent, type TraceContext } from "./trace-context.ts";

export type Side = "client" | "server";

/** What a span says about a call, known when it starts. */
export interface SpanFacts {
  readonly method: string;
  /** Path and query; the query is not recorded, because it may hold secrets. */
  readonly path: string;
  readonly caller: string;
  readonly callee: string;
  /** The rule of a route that took it; empty when none did. */
  readonly route: string;
  /** A copy of a call (RequestMirror). */
  readonly mirrored: boolean;
}

/** How the call ended. */
export interface SpanOutcome {
  /** The attempt that settled it. */
  readonly attempt: number;
  readonly status: number | undefined;
  /** The mesh's own code, when the mesh ended the call. */
  readonly errorCode: string | undefined;
  /** The callee that was asked last: a route may have chosen it. */
  readonly callee: string;
  /** Empty when it was not chosen. */
  readonly version: string;
  /** Faults that policy put in; empty for none. */
  readonly injected: string;
  /** Time in ms that it spent waiting on purpose. */
  readonly waitedMs: number;
}

/** Something that happened in the course of a call; what does not apply is left out. */
export interface SpanEvent {
  /** Whom it is about. */
  readonly instance?: string;
  /** How long it took, in ms. */
  readonly ms?: number | undefined;
  /** What an attempt came to: the mesh's code, or else the app's status. */
  readonly code?: string;
  readonly status?: number;
}

export interface SpanHandle {
  /** For the next hop. */
  readonly traceparent: string;
  readonly sampled: boolean;
  /** Adds an event to the span; undefined when nothing is recorded, so that nothing need be made for it. */
  readonly event: ((name: string, facts: SpanEvent) => void) | undefined;
  /** Ends the span; call it once. */
  end(outcome: SpanOutcome): void;
}

export interface Tracer {
  /**
   * Starts a span, or only passes the context on when the call is not sampled (parent-based, else by ratio).
   * @param incoming the `traceparent` that came with the call
   * @param facts asked only when the span is recorded
   * @param share of new traces that is sampled, 0 to 1, where it is not that of the tracer
   */
  start(side: Side, incoming: string | undefined, facts: () => SpanFacts, share?: number): SpanHandle;
  /** Sends what is still queued. Does not reject: what cannot be sent is reported and lost. */
  shutdown(): Promise<void>;
}

export interface TracerOptions {
  /** Of which the service is one: the mesh. */
  readonly namespace?: string;
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** Share of new traces that is sampled, 0 to 1. 0.01 by default. */
  readonly ratio?: number;
  /** Base URL of an OTLP/HTTP receiver; `/v1/traces` is added. By default OpenTelemetry's own variables are read. */
  readonly endpoint?: string;
  /** Told when spans could not be sent; at most once a minute. */
  readonly onProblem?: (message: string) => void;
  /** Where `OTEL_EXPORTER_OTLP_*` is read from. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Records the spans of sampled calls. */
export interface Recorder {
  /** @param parent undefined for a root */
  record(side: Side, parent: TraceContext | undefined, facts: SpanFacts): SpanHandle;
  shutdown(): Promise<void>;
}

/**
 * The tracer of one sidecar. The OpenTelemetry SDK is loaded only when there is somewhere to send spans to; without
 * it, contexts are still passed on and made, so that traces do not break here.
 */
export async function createTracer(options: TracerOptions): Promise<Tracer> {
  const { ratio = 0.01, env = process.env } = options;
  const configured =
    options.endpoint ?? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "";
  const recorder =
    configured === "" ? undefined : (await import("./trace-recorder.ts")).createRecorder(options);
  return {
    start: (side, incoming, facts, share = ratio) => start(recorder, share, side, incoming, facts),
    shutdown: async () => recorder?.shutdown(),
  };
}

function start(
  recorder: Recorder | undefined,
  ratio: number,
  side: Side,
  incoming: string | undefined,
  facts: () => SpanFacts,
): SpanHandle {
  const parent = incoming === undefined ? undefined : parseTraceparent(incoming);
  const context = parent ?? newTraceContext(ratio);
  if (context.sampled && recorder) return recorder.record(side, parent, facts());
  const unchanged = parent !== undefined && incoming!.startsWith("00-");
  return new Unrecorded(unchanged ? incoming! : formatTraceparent(context), context.sampled);
}

/** Passes a context on and records nothing. */
class Unrecorded implements SpanHandle {
  readonly traceparent: string;
  readonly sampled: boolean;

  constructor(traceparent: string, sampled: boolean) {
    this.traceparent = traceparent;
    this.sampled = sampled;
  }

  get event(): undefined {
    return undefined;
  }

  end(): void {}
}
