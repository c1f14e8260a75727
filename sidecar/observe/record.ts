import { type Code, meaningOf } from "../../src/protocol/code.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import type { CallMeter } from "../../src/telemetry/call-meter.ts";
import type { Side } from "../../src/telemetry/side.ts";
import { setField } from "../http/header-block.ts";
import type { Call, Layer } from "../stack/call.ts";
import { BEGAN_TRACE } from "../stack/marks.ts";
import { type Outcome, statusOf } from "../stack/outcome.ts";
import type { AccessLog } from "./access-log.ts";
import type { RecentCall, RecentCalls, RefusedRequest } from "./recent-calls.ts";
import type { SpanEvent } from "./span.ts";
import type { Tracer } from "./tracer.ts";

/** Somebody listens to one call (`sidecar/tap`). */
export interface Tapped {
  /** @returns the outcome to go on with: the same, but that its body may be looked into as it passes */
  ended(kept: RecentCall, outcome: Outcome): Outcome;
}

export interface CallTaps {
  /** Undefined while nobody listens. */
  readonly active: unknown;
  begin(side: Side, call: Call): Tapped | undefined;
}

/** Where nobody can. */
export const NO_TAPS: CallTaps = { active: undefined, begin: () => undefined };

export interface Recorder {
  readonly meter: CallMeter;
  /** Of copies of calls, which must not count as calls. */
  readonly mirrorMeter: CallMeter;
  readonly tracer: Tracer;
  readonly recent: RecentCalls;
  /** Told of each call that has ended, to keep what is worth it; absent where nobody asks for traces. */
  readonly keep: ((call: RecentCall) => void) | undefined;
  readonly taps: CallTaps;
  /** Absent when it is off. */
  readonly accessLog: AccessLog | undefined;
  /** Monotonic, in ms. */
  readonly now: () => number;
}

/**
 * Counts, times, traces and logs each call once, and gives the next hop its trace context.
 * @param sampledShare of the traces that begin here, 0 to 1; undefined for the tracer's own
 */
export const record =
  (
    side: Side,
    { meter, mirrorMeter, tracer, recent, keep, taps, accessLog, now }: Recorder,
    sampledShare?: number,
  ): Layer =>
  (inner) =>
  (call) => {
    const { head } = call;
    const counted = call.mirrored ? mirrorMeter : meter;
    counted.started();
    const incoming = call.traceparent;
    const traceparent = tracer.next(incoming, sampledShare);
    call.traceparent = traceparent;
    if (incoming === undefined) {
      call.marks |= BEGAN_TRACE;
      head.headers += `${HEADER.traceparent}: ${traceparent}\r\n`;
    } else if (traceparent !== incoming)
      head.headers = setField(head.headers, HEADER.traceparent, traceparent);
    const events: SpanEvent[] | undefined = tracer.records(traceparent) ? [] : undefined;
    if (events !== undefined) call.onEvent = (name, event) => events.push({ name, at: now(), event });
    const tapped = taps.active === undefined ? undefined : taps.begin(side, call);
    return inner(call).then((outcome) => {
      const { attempt, callee, injected, version } = call;
      const status = statusOf(outcome);
      const durationMs = now() - call.startedAt;
      // Fields one by one: a spread costs a microsecond, and this is on the path of every call.
      counted.ended({
        method: head.method,
        status,
        peer: side === "client" ? callee : head.caller,
        version,
        route: call.rule === undefined ? "" : call.rule.name,
        errorCode: outcome.kind === "replied" ? undefined : outcome.code,
        injected,
        durationMs,
        attempts: side === "client" ? attempt : 1,
      });
      const ended = recent.add(call, outcome, durationMs);
      if (keep !== undefined) keep(ended);
      if (events !== undefined) tracer.record({ call: ended, parent: incoming, events });
      if (accessLog?.wants(ended)) accessLog.write(ended);
      return tapped === undefined ? outcome : tapped.ended(ended, outcome);
    });
  };

/** Counts a request that was refused before it was a call, and keeps it for whoever asks for its request id. */
export function recordRefused(
  { meter, recent, now }: Pick<Recorder, "meter" | "recent" | "now">,
  request: RefusedRequest,
  errorCode: Code,
  message: string,
): void {
  const { method } = request;
  const { status } = meaningOf(errorCode);
  meter.started();
  const nobody = { peer: "", version: "", route: "", injected: "" };
  meter.ended({ ...nobody, method, status, errorCode, durationMs: 0 });
  recent.addRefused(request, errorCode, message, now());
}
