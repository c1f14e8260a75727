import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  NodeTracerProvider,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-node";
import type {
  Recorder,
  Side,
  SpanEvent,
  SpanFacts,
  SpanHandle,
  SpanOutcome,
  TracerOptions,
} from "./trace.ts";
import { formatTraceparent } from "./trace-context.ts";

/** Loaded only where spans are exported. Who gets here has been sampled already, so the SDK samples everything. */
export function createRecorder(options: TracerOptions): Recorder {
  const { namespace, service, instance, version, endpoint } = options;
  const report = atMostEachMinute(options.onProblem ?? (() => {}));
  const exporter = new OTLPTraceExporter(
    endpoint === undefined ? {} : { url: new URL("v1/traces", withSlash(endpoint)).href },
  );
  const provider = new NodeTracerProvider({
    sampler: new AlwaysOnSampler(),
    // What is ours goes before what OTEL_RESOURCE_ATTRIBUTES says, such as deployment.environment.name.
    resource: defaultResource()
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(
        resourceFromAttributes({
          ...(namespace === undefined ? {} : { "service.namespace": namespace }),
          "service.name": service,
          "service.version": version,
          "service.instance.id": instance,
          "host.name": hostname(),
          "process.pid": process.pid,
          "process.runtime.name": "nodejs",
          "process.runtime.version": process.versions.node,
        }),
      ),
    spanProcessors: [new BatchSpanProcessor(reporting(exporter, report))],
  });
  const tracer = provider.getTracer("weft");
  return {
    record(side, parent, facts) {
      const context = parent
        ? trace.setSpanContext(ROOT_CONTEXT, {
            traceId: parent.traceId,
            spanId: parent.spanId,
            traceFlags: TraceFlags.SAMPLED,
            isRemote: true,
          })
        : ROOT_CONTEXT;
      const kind = side === "client" ? SpanKind.CLIENT : SpanKind.SERVER;
      return recorded(side, tracer.startSpan(facts.method, { kind, attributes: attributes(facts) }, context));
    },
    async shutdown() {
      // The exporter by itself tries for 10 s, which is too long for a sidecar that is asked to end.
      const tooLong = delay(3000, "the receiver did not answer in 3 s", { ref: false });
      const flushed = provider.shutdown().catch((error: Error) => error.message);
      const problem = await Promise.race([flushed, tooLong]);
      if (problem) report(`the last spans could not be sent: ${problem}`);
    },
  };
}

const withSlash = (url: string): string => (url.endsWith("/") ? url : `${url}/`);

/** OpenTelemetry's names for HTTP, and ours beside them. */
function attributes({ method, path, caller, callee, route, mirrored }: SpanFacts): Attributes {
  return {
    "http.request.method": method,
    "url.path": path.split("?", 1)[0]!,
    "server.address": callee,
    "weft.caller": caller,
    ...(route === "" ? {} : { "http.route": route }),
    ...(mirrored ? { "weft.mirrored": true } : {}),
  };
}

const eventAttributes = ({ instance, ms, code, status }: SpanEvent): Attributes => ({
  ...(instance === undefined || instance === "" ? {} : { "weft.instance": instance }),
  ...(ms === undefined ? {} : { "weft.ms": ms }),
  ...(code === undefined || code === "" ? {} : { "error.type": code }),
  ...(status === undefined ? {} : { "http.response.status_code": status }),
});

function recorded(side: Side, span: Span): SpanHandle {
  const { traceId, spanId } = span.spanContext();
  return {
    traceparent: formatTraceparent({ traceId, spanId, sampled: true }),
    sampled: true,
    event: (name, facts) => void span.addEvent(name, eventAttributes(facts)),
    end({ status, errorCode, attempt, callee, version, injected, waitedMs }: SpanOutcome) {
      span.setAttribute("weft.attempt", attempt).setAttribute("weft.callee", callee);
      if (version !== "") span.setAttribute("weft.version", version);
      if (injected !== "") span.setAttribute("weft.injected", injected);
      if (waitedMs > 0) span.setAttribute("weft.waited_ms", waitedMs);
      if (status !== undefined) span.setAttribute("http.response.status_code", status);
      // OpenTelemetry HTTP conventions: a client's error starts at status 400, a server's at 500.
      const failedStatus = status !== undefined && status >= (side === "client" ? 400 : 500);
      const error = errorCode ?? (failedStatus ? String(status) : undefined);
      if (error !== undefined)
        span.setAttribute("error.type", error).setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

/** Says when an export failed; the SDK by itself keeps it quiet. */
function reporting(exporter: SpanExporter, report: (message: string) => void): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error) report(`${spans.length} spans could not be sent: ${result.error.message}`);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

function atMostEachMinute(tell: (message: string) => void): (message: string) => void {
  let quietUntil = 0;
  return (message) => {
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + 60_000;
    tell(message);
  };
}
