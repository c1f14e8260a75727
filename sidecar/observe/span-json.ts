import type { CallEvent } from "../stack/marks.ts";
import { MadeOfAlike } from "./alike.ts";
import { AsciiBytes, jsonText, withoutQuery } from "./json-text.ts";
import type { RecentCall } from "./recent-calls.ts";
import type { Span, SpanEvent } from "./span.ts";
import { unixZero } from "./unix-zero.ts";

/** A text, a number or a boolean: no attribute of ours is anything else. */
type Value = unknown;

/** Of `Span.SpanKind` and `Status.StatusCode` (opentelemetry-proto, trace/v1/trace.proto). */
const KIND = { client: 3, server: 2 } as const;
const STATUS = { unset: 0, error: 2 } as const;
/** Sampled; it is known whether the parent is of another process, and it is (`SpanFlags`). */
const FLAGS = 0x301;
const ROOT_FLAGS = 0x101;
/** Of a span. */
const USUAL_BYTES = 1024;

/**
 * Writes spans as `ExportTraceServiceRequest` in OTLP's JSON. OpenTelemetry's own serializer makes a dozen objects of a
 * span before it makes JSON of them: 14 µs a span where this takes 2 (busy machine, 40 batches of 512).
 * @param resource attributes of all spans
 * @returns what makes one request of some spans
 */
export function spanJson(resource: Readonly<Record<string, Value>>): (spans: readonly Span[]) => Buffer {
  const common = new MadeOfAlike(commonOf);
  const before = `{"resourceSpans":[{"resource":{"attributes":[${attributes(resource)}]},"scopeSpans":[{"scope":{"name":"weft"},"spans":[`;
  return (spans) => {
    const zero = unixZero();
    const json = new AsciiBytes(before.length + spans.length * USUAL_BYTES);
    json.add(before);
    let comma = "";
    for (const span of spans) {
      json.add(`${comma}{${idsOf(span)},${timesOf(span, zero)},${pathOf(span)},${common.of(span.call)}}`);
      comma = ",";
    }
    json.add("]}]}]}");
    return json.bytes;
  };
}

/** The ids of its context and of its parent's, by where they stand in a `traceparent`. */
function idsOf({ call, parent }: Span): string {
  const { traceparent = "" } = call;
  const traceId = traceparent.slice(3, 35);
  const own = `"traceId":"${traceId}","spanId":"${traceparent.slice(36, 52)}"`;
  // What came may have been no context at all: then this one is a root.
  return parent?.startsWith(traceId, 3)
    ? `${own},"parentSpanId":"${parent.slice(36, 52)}","flags":${FLAGS}`
    : `${own},"flags":${ROOT_FLAGS}`;
}

function timesOf({ call, events }: Span, zero: number): string {
  const { startedAt, ms } = call;
  const times = `"startTimeUnixNano":"${nanos(zero + startedAt)}","endTimeUnixNano":"${nanos(zero + startedAt + ms)}"`;
  return events.length === 0
    ? times
    : `${times},"events":[${events.map((one) => eventOf(one, zero)).join()}]`;
}

/** Unix time in ms as one in ns: more digits than a number has. */
function nanos(unixMs: number): string {
  const seconds = Math.floor(unixMs / 1000);
  return `${seconds}${String(Math.floor((unixMs - seconds * 1000) * 1e6)).padStart(9, "0")}`;
}

/** The first of its attributes; the others are in common with other spans. */
const pathOf = ({ call }: Span): string =>
  `"attributes":[{"key":"url.path","value":{"stringValue":${jsonText(withoutQuery(call.path))}}}`;

/** OpenTelemetry's names for HTTP, and ours beside them. */
function commonOf(call: RecentCall): string {
  const { side, method, asked, caller, callee, version, rule, mirrored, attempt, injected, waitedMs } = call;
  const error = errorOf(call);
  const common = attributes({
    ...{ "http.request.method": method, "server.address": asked, "weft.caller": caller },
    ...(rule === undefined ? {} : { "http.route": rule.name }),
    ...(mirrored ? { "weft.mirrored": true } : {}),
    ...{ "weft.attempt": attempt, "weft.callee": callee },
    ...(version === "" ? {} : { "weft.version": version }),
    ...(injected === "" ? {} : { "weft.injected": injected }),
    ...(waitedMs > 0 ? { "weft.waited_ms": waitedMs } : {}),
    "http.response.status_code": call.status,
    ...(error === undefined ? {} : { "error.type": error }),
  });
  const status = error === undefined ? STATUS.unset : STATUS.error;
  return `${common}],"name":${jsonText(method)},"kind":${KIND[side]},"status":{"code":${status}}`;
}

/** OpenTelemetry HTTP conventions: a client's error starts at status 400, a server's at 500. */
const errorOf = ({ side, code, status }: RecentCall): string | undefined =>
  code !== "" ? code : status >= (side === "client" ? 400 : 500) ? String(status) : undefined;

const eventOf = ({ name, at, event }: SpanEvent, zero: number): string =>
  `{"timeUnixNano":"${nanos(zero + at)}","name":${jsonText(name)},"attributes":[${attributes(eventAttributes(event))}]}`;

const eventAttributes = ({ instance, ms, code, status }: CallEvent): Record<string, Value> => ({
  ...(instance === undefined || instance === "" ? {} : { "weft.instance": instance }),
  ...(ms === undefined ? {} : { "weft.ms": ms }),
  ...(code === undefined || code === "" ? {} : { "error.type": code }),
  ...(status === undefined ? {} : { "http.response.status_code": status }),
});

const attributes = (all: Readonly<Record<string, Value>>): string =>
  Object.entries(all)
    .map(([key, value]) => `{"key":"${key}","value":${anyValue(value)}}`)
    .join();

/** `AnyValue` (common/v1/common.proto). */
function anyValue(value: Value): string {
  if (typeof value === "string") return `{"stringValue":${jsonText(value)}}`;
  if (typeof value === "boolean") return `{"boolValue":${value}}`;
  return Number.isInteger(value) ? `{"intValue":${value}}` : `{"doubleValue":${value}}`;
}
