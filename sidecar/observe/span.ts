import type { CallEvent } from "../stack/marks.ts";
import type { RecentCall } from "./recent-calls.ts";

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

/** Takes the spans of sampled calls. */
export interface SpanExporter {
  add(span: Span): void;
  /** Sends what is still queued. Does not reject: what cannot be sent is reported and lost. */
  shutdown(): Promise<void>;
}

export interface SpanExporterOptions {
  /** Of which the service is one: the mesh. */
  readonly namespace?: string;
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** Base URL of an OTLP/HTTP receiver; `/v1/traces` is added. By default OpenTelemetry's own variables are read. */
  readonly endpoint?: string;
  /** Told when spans could not be sent; at most once a minute. */
  readonly onProblem?: (message: string) => void;
}
