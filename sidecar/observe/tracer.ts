import type { Span, SpanExporterOptions } from "./span.ts";
import { childOf, formatTraceparent, isSampled, newTraceContext, parseTraceparent } from "./trace-context.ts";

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

export interface TracerOptions extends SpanExporterOptions {
  /** Share of new traces that is sampled, 0 to 1. 0.01 by default. */
  readonly ratio?: number;
  /** Where `OTEL_EXPORTER_OTLP_*` is read from. */
  readonly env?: Readonly<Record<string, string | undefined>>;
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
