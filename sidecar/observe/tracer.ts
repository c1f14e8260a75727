import type { CallEvent } from "../stack/marks.ts";
import type { RecentCall } from "./recent-calls.ts";
import { childOf, formatTraceparent, isSampled, newTraceContext, parseTraceparent } from "./trace-context.ts";

/** Something that happened in the course of a call. */
export interface SpanEvent {
  readonly name: string;
  /** In ms of the monotonic clock. */
  readonly at: number;
  readonly event: CallEvent;
}

/** What is recorded of a call that has ended; its own context is the call's. */
export interface Span {
  readonly call: RecentCall;
  /** The context that came with it. */
  readonly parent: string | undefined;
  readonly events: readonly SpanEvent[];
}

export interface Tracer {
  /**
   * The context for the next hop: the same that came, unless a span of this call stands between (parent-based, else by
   * ratio).
   * @param incoming the `traceparent` that came with the call
   * @param share of new traces that is sampled, 0 to 1, where it is not that of the tracer
   */
  next(incoming: string | undefined, share?: number): string;
  /** Whether a call with this context is recorded. */
  records(traceparent: string): boolean;
  record(span: Span): void;
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

/** Takes the spans of sampled calls. */
export interface SpanExporter {
  add(span: Span): void;
  shutdown(): Promise<void>;
}

/**
 * The tracer of one sidecar. OpenTelemetry's exporter is loaded only when there is somewhere to send spans to; without
 * it, contexts are still passed on and made, so that traces do not break here.
 */
export async function createTracer(options: TracerOptions): Promise<Tracer> {
  const { ratio = 0.01, env = process.env } = options;
  const configured =
    options.endpoint ?? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "";
  const exporter =
    configured === "" ? undefined : (await import("./span-exporter.ts")).createSpanExporter(options);
  return {
    next(incoming, share = ratio) {
      const parent = incoming === undefined ? undefined : parseTraceparent(incoming);
      if (parent === undefined) return formatTraceparent(newTraceContext(share));
      if (parent.sampled && exporter !== undefined) return formatTraceparent(childOf(parent));
      return incoming!.startsWith("00-") ? incoming! : formatTraceparent(parent);
    },
    records: (traceparent) => exporter !== undefined && isSampled(traceparent),
    record: (span) => exporter?.add(span),
    shutdown: async () => exporter?.shutdown(),
  };
}
