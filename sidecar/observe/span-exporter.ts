import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { type SpanContext, TraceFlags } from "@opentelemetry/api";
import { OTLPExporterBase } from "@opentelemetry/otlp-exporter-base";
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from "@opentelemetry/otlp-exporter-base/node-http";
import { ProtobufTraceSerializer, TraceExporterMetricsHelper } from "@opentelemetry/otlp-transformer";
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter as SdkExporter,
} from "@opentelemetry/sdk-trace-node";
import type { Span, SpanExporter, SpanExporterOptions } from "./span.ts";
import { SpanRequests } from "./span-requests.ts";

/** Twice what the SDK has: half a second of all that a sidecar can do. */
const MOST_QUEUED = 4096;

/**
 * Gathers and sends spans by OTLP/HTTP: with the batches, the transport and the variables of OpenTelemetry's SDK, but spans of
 * our own. Loaded only where spans are exported.
 */
export function createSpanExporter(options: SpanExporterOptions): SpanExporter {
  const report = atMostEachMinute(options.onProblem ?? (() => {}));
  const resource = resourceOf(options);
  const maxQueueSize = Number(process.env.OTEL_BSP_MAX_QUEUE_SIZE) || MOST_QUEUED;
  let queued = 0;
  const exporter = exporterTo(options.endpoint, resource);
  // The SDK says neither when a batch could not be sent, nor when the queue is full.
  const batches = new BatchSpanProcessor(
    {
      export(spans, done) {
        queued -= spans.length;
        exporter.export(spans, (result) => {
          if (result.error) report(`${spans.length} spans could not be sent: ${result.error.message}`);
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    },
    { maxQueueSize },
  );
  return {
    add(span) {
      if (queued >= maxQueueSize) report("spans are lost: the receiver takes fewer than there are");
      else batches.onEnd(new QueuedSpan(span, resource) as unknown as ReadableSpan);
      queued = Math.min(maxQueueSize, queued + 1);
    },
    async shutdown() {
      // The exporter by itself tries for 10 s, which is too long for a sidecar that is asked to end.
      const tooLong = delay(3000, "the receiver did not answer in 3 s", { ref: false });
      const flushed = batches.shutdown().catch((error: Error) => error.message);
      const problem = await Promise.race([flushed, tooLong]);
      if (problem) report(`the last spans could not be sent: ${problem}`);
    },
  };
}

/**
 * The SDK's processor reads of a span whether it is sampled, and its resource; all else goes through it unread, to our
 * own serializer. Spans of the SDK's making check and copy each attribute while the call waits.
 */
class QueuedSpan implements Span, Pick<ReadableSpan, "spanContext" | "resource"> {
  readonly call: Span["call"];
  readonly parent: Span["parent"];
  readonly events: Span["events"];
  readonly resource: Resource;

  constructor({ call, parent, events }: Span, resource: Resource) {
    this.call = call;
    this.parent = parent;
    this.events = events;
    this.resource = resource;
  }

  spanContext(): SpanContext {
    return SAMPLED;
  }
}

/** Its ids are read by nobody. */
const SAMPLED: SpanContext = { traceId: "", spanId: "", traceFlags: TraceFlags.SAMPLED };

/** @param endpoint by default OpenTelemetry's own variables are read */
function exporterTo(endpoint: string | undefined, resource: Resource): SdkExporter {
  const url = endpoint === undefined ? {} : { url: new URL("v1/traces", withSlash(endpoint)).href };
  const type = { "Content-Type": "application/x-protobuf" };
  const requests = new SpanRequests(resource.attributes);
  const serializer: typeof ProtobufTraceSerializer = {
    ...ProtobufTraceSerializer,
    serializeRequest: (spans) => requests.of(spans as unknown as QueuedSpan[]),
  };
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(
      convertLegacyHttpOptions(url, "TRACES", "v1/traces", type),
      serializer,
      "otlp_http_span_exporter",
      TraceExporterMetricsHelper,
      undefined,
    ),
  );
}

const withSlash = (url: string): string => (url.endsWith("/") ? url : `${url}/`);

/** What is ours goes before what OTEL_RESOURCE_ATTRIBUTES says, such as deployment.environment.name. */
const resourceOf = ({ namespace, service, instance, version }: SpanExporterOptions): Resource =>
  defaultResource()
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
    );

function atMostEachMinute(tell: (message: string) => void): (message: string) => void {
  let quietUntil = 0;
  return (message) => {
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + 60_000;
    tell(message);
  };
}
