import { type Code, meaningOf } from "../../src/protocol/code.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import type { AccessLog } from "../../src/telemetry/access-log.ts";
import type { CallMeter } from "../../src/telemetry/call-meter.ts";
import type { Side, Tracer } from "../../src/telemetry/trace.ts";
import { fieldValue, setField } from "../http/header-block.ts";
import type { Call, Layer } from "../stack/call.ts";

export interface Recorder {
  readonly meter: CallMeter;
  readonly tracer: Tracer;
  /** Absent when it is off. */
  readonly accessLog: AccessLog | undefined;
  /** Monotonic, in ms. */
  readonly now: () => number;
}

/** Counts, times, traces and logs each call once, and gives the next hop its trace context. */
export const record =
  (side: Side, { meter, tracer, accessLog, now }: Recorder): Layer =>
  (inner) =>
  async (call) => {
    const { head } = call;
    meter.started();
    const incoming = call.traceparent;
    const span = tracer.start(side, incoming, () => namesOf(call));
    call.traceparent = span.traceparent;
    if (incoming === undefined) head.headers += `${HEADER.traceparent}: ${span.traceparent}\r\n`;
    else if (span.traceparent !== incoming)
      head.headers = setField(head.headers, HEADER.traceparent, span.traceparent);
    const outcome = await inner(call);
    const replied = outcome.kind === "replied";
    const status = replied ? outcome.status : meaningOf(outcome.code).status;
    const errorCode = replied ? undefined : outcome.code;
    const durationMs = now() - call.startedAt;
    span.end({ status, errorCode, attempt: call.attempt });
    // Fields one by one: a spread costs a microsecond, and this is on the path of every call.
    meter.ended({
      method: head.method,
      status,
      peer: side === "client" ? head.callee : head.caller,
      version: versionOf(call),
      errorCode,
      durationMs,
      attempts: side === "client" ? call.attempt : 1,
    });
    accessLog?.write({
      ...namesOf(call),
      side,
      status,
      errorCode,
      instance: replied ? outcome.instance : call.instance,
      flag: replied ? "-" : meaningOf(outcome.code).flag,
      durationMs,
      attempts: call.attempt,
      requestId: fieldValue(head.headers, HEADER.requestId),
      traceparent: call.traceparent,
    });
    return outcome;
  };

/** Counts a request that was refused before it was a call. */
export function recordRefused(meter: CallMeter, method: string, errorCode: Code): void {
  const { status } = meaningOf(errorCode);
  meter.started();
  meter.ended({ method, status, peer: "", version: "", errorCode, durationMs: 0 });
}

const namesOf = (call: Call) => ({
  method: call.head.method,
  path: call.head.path,
  caller: call.head.caller,
  callee: call.head.callee,
  version: versionOf(call),
});

const versionOf = ({ head }: Call): string => (head.target.kind === "version" ? head.target.version : "");
