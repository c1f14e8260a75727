import type { CallEvent } from "../stack/marks.ts";
import { withoutQuery } from "../stack/without-query.ts";
import { MadeOfAlike } from "./alike.ts";
import {
  double,
  headOf,
  message,
  text,
  varintBytes,
  whole,
  writeHex,
  writeNanos,
  writeVarint,
} from "./protobuf.ts";
import type { RecentCall } from "./recent-calls.ts";
import type { Span, SpanEvent } from "./span.ts";
import { unixZero } from "./unix-zero.ts";

type Attributes = Readonly<Record<string, unknown>>;

/** `Span.SpanKind`, `Status.StatusCode`: as all numbers here from opentelemetry-proto, trace/v1/trace.proto. */
const KIND = { client: 3, server: 2 } as const;
const STATUS_ERROR = 2;
/** `SpanFlags`: sampled; it is known whether the parent is of another process, and it is. */
const FLAGS = 0x301;
const ROOT_FLAGS = 0x101;

const NO_EVENTS = Buffer.alloc(0);
/** What is not text takes as many bytes at most. */
const MOST_FIXED = 128;
const USUAL_BYTES = 512;

/**
 * Writes spans as `ExportTraceServiceRequest` of OTLP, in protobuf. OpenTelemetry's own serializers read each attribute of
 * each span, of which the SDK has made objects before: 14 µs a span, where this takes 2 (busy machine, 40 × 512).
 */
export class SpanRequests {
  readonly #common = new MadeOfAlike(commonOf);
  /** `ResourceSpans.resource`, and `ScopeSpans.scope`. */
  readonly #resource: Buffer;
  readonly #scope = message(1, text(1, "weft"));
  #bytes = NO_EVENTS;
  #end = 0;

  /** @param resource attributes of all spans */
  constructor(resource: Attributes) {
    this.#resource = message(1, attributes(1, resource));
  }

  /** One request of these spans. */
  of(spans: readonly Span[]): Buffer {
    const zero = unixZero();
    this.#bytes = Buffer.allocUnsafe(spans.length * USUAL_BYTES);
    this.#end = 0;
    for (const span of spans) this.#write(span, zero);
    const [resource, scope] = [this.#resource, this.#scope];
    const head = headOf(2, scope.length + this.#end);
    const length = resource.length + head.length + scope.length + this.#end;
    return Buffer.concat([headOf(1, length), resource, head, scope, this.#bytes.subarray(0, this.#end)]);
  }

  #write({ call, parent, events }: Span, zero: number): void {
    const { startedAt, ms, traceparent = "" } = call;
    const path = withoutQuery(call.path);
    const pathBytes = Buffer.byteLength(path);
    const common = this.#common.of(call);
    const happened = events.length === 0 ? NO_EVENTS : Buffer.concat(events.map((one) => eventOf(one, zero)));
    this.#makeRoom(MOST_FIXED + pathBytes + common.length + happened.length);
    const bytes = this.#bytes;

    const value = 1 + varintBytes(pathBytes) + pathBytes;
    const attribute = PATH_KEY.length + 1 + varintBytes(value) + value;
    // What came may have been no context at all: then this span is a root.
    const isRoot = parent === undefined || !parent.startsWith(traceparent.slice(3, 35), 3);
    const ids = isRoot ? 28 : 38;
    const length = ids + 18 + 6 + 1 + varintBytes(attribute) + attribute + common.length + happened.length;

    let at = this.#end;
    bytes[at++] = 0x12; // ScopeSpans.spans
    at = writeVarint(bytes, at, length);
    bytes[at++] = 0x0a; // trace_id, 16 bytes
    bytes[at++] = 16;
    at = writeHex(bytes, at, 16, traceparent, 3);
    bytes[at++] = 0x12; // span_id, 8 bytes
    bytes[at++] = 8;
    at = writeHex(bytes, at, 8, traceparent, 36);
    if (!isRoot) {
      bytes[at++] = 0x22; // parent_span_id, 8 bytes
      bytes[at++] = 8;
      at = writeHex(bytes, at, 8, parent, 36);
    }
    bytes[at++] = 0x39; // start_time_unix_nano
    at = writeNanos(bytes, at, zero + startedAt);
    bytes[at++] = 0x41; // end_time_unix_nano
    at = writeNanos(bytes, at, zero + startedAt + ms);
    at = bytes.writeUInt16LE(0x0185, at); // flags
    at = bytes.writeUInt32LE(isRoot ? ROOT_FLAGS : FLAGS, at);
    bytes[at++] = 0x4a; // attributes, of which the path is the first
    at = writeVarint(bytes, at, attribute);
    at += PATH_KEY.copy(bytes, at);
    bytes[at++] = 0x12; // KeyValue.value
    at = writeVarint(bytes, at, value);
    bytes[at++] = 0x0a; // AnyValue.string_value
    at = writeVarint(bytes, at, pathBytes);
    at += bytes.write(path, at);
    at += common.copy(bytes, at);
    this.#end = at + happened.copy(bytes, at);
  }

  #makeRoom(least: number): void {
    if (this.#end + least <= this.#bytes.length) return;
    this.#bytes = Buffer.concat([this.#bytes.subarray(0, this.#end)], 2 * (this.#end + least));
  }
}

/** `KeyValue.key` of the one attribute that is another for each call. */
const PATH_KEY = text(1, "url.path");

/** OpenTelemetry's names for HTTP, and ours beside them; with name, kind and status of the span. */
function commonOf(call: RecentCall): Buffer {
  const { side, method, asked, caller, callee, version, rule, mirrored, attempt, injected, waitedMs } = call;
  const error = errorOf(call);
  const all = attributes(9, {
    ...{ "http.request.method": method, "server.address": asked, "weft.caller": caller },
    ...(rule === undefined || rule.name === "" ? {} : { "http.route": rule.name }),
    ...(mirrored ? { "weft.mirrored": true } : {}),
    ...{ "weft.attempt": attempt, "weft.callee": callee },
    ...(version === "" ? {} : { "weft.version": version }),
    ...(injected === "" ? {} : { "weft.injected": injected }),
    ...(waitedMs > 0 ? { "weft.waited_ms": waitedMs } : {}),
    "http.response.status_code": call.status,
    ...(error === undefined ? {} : { "error.type": error }),
  });
  const status = error === undefined ? message(15) : message(15, whole(3, STATUS_ERROR));
  return Buffer.concat([text(5, method), whole(6, KIND[side]), all, status]);
}

/** OpenTelemetry HTTP conventions: a client's error starts at status 400, a server's at 500. */
const errorOf = ({ side, code, status }: RecentCall): string | undefined =>
  code !== "" ? code : status >= (side === "client" ? 400 : 500) ? String(status) : undefined;

function eventOf({ name, at, event }: SpanEvent, zero: number): Buffer {
  const time = Buffer.alloc(9);
  time[0] = 0x09; // time_unix_nano
  writeNanos(time, 1, zero + at);
  return message(11, time, text(2, name), attributes(3, eventAttributes(event)));
}

const eventAttributes = ({ instance, ms, code, status }: CallEvent): Attributes => ({
  ...(instance === undefined || instance === "" ? {} : { "weft.instance": instance }),
  ...(ms === undefined ? {} : { "weft.ms": ms }),
  ...(code === undefined || code === "" ? {} : { "error.type": code }),
  ...(status === undefined ? {} : { "http.response.status_code": status }),
});

/** Each is a `KeyValue` (common/v1/common.proto); texts, numbers and truth values are all that there are. */
const attributes = (field: number, all: Attributes): Buffer =>
  Buffer.concat(
    Object.entries(all).map(([key, value]) => message(field, text(1, key), message(2, anyValue(value)))),
  );

function anyValue(value: unknown): Buffer {
  if (typeof value === "boolean") return whole(2, Number(value));
  if (typeof value !== "number") return text(1, String(value));
  return Number.isSafeInteger(value) && value >= 0 ? whole(3, value) : double(4, value);
}
