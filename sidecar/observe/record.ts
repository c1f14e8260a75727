import { type Code, meaningOf } from "../../src/protocol/code.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import type { AccessLog } from "../../src/telemetry/access-log.ts";
import type { CallMeter } from "../../src/telemetry/call-meter.ts";
import type { Side, Tracer } from "../../src/telemetry/trace.ts";
import { fieldValue, setField } from "../http/header-block.ts";
import type { Call, Layer } from "../stack/call.ts";
import { BEGAN_TRACE } from "../stack/marks.ts";
import { type Outcome, statusOf } from "../stack/outcome.ts";
import type { RecentCall, RecentCalls, RefusedRequest } from "./recent-calls.ts";

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
    const span = tracer.start(side, incoming, () => factsOf(call), sampledShare);
    call.traceparent = span.traceparent;
    call.onEvent = span.event;
    if (incoming === undefined) {
      call.marks |= BEGAN_TRACE;
      head.headers += `${HEADER.traceparent}: ${span.traceparent}\r\n`;
    } else if (span.traceparent !== incoming)
      head.headers = setField(head.headers, HEADER.traceparent, span.traceparent);
    const tapped = taps.active === undefined ? undefined : taps.begin(side, call);
    return inner(call).then((outcome) => {
      const { attempt, callee, injected, waitedMs } = call;
      const status = statusOf(outcome);
      const errorCode = outcome.kind === "replied" ? undefined : outcome.code;
      const durationMs = now() - call.startedAt;
      const { version } = call;
      span.end({ status, errorCode, attempt, callee, version, injected, waitedMs });
      // Fields one by one: a spread costs a microsecond, and this is on the path of every call.
      counted.ended({
        method: head.method,
        status,
        peer: side === "client" ? callee : head.caller,
        version,
        route: call.rule === undefined ? "" : call.rule.name,
        errorCode,
        injected,
        durationMs,
        attempts: side === "client" ? attempt : 1,
      });
      const ended = recent.add(call, outcome, durationMs);
      if (keep !== undefined) keep(ended);
      if (accessLog?.wants(errorCode !== undefined || status >= 500, durationMs, call.traceparent))
        accessLog.write({
          method: head.method,
          path: head.path,
          caller: head.caller,
          mirrored: call.mirrored,
          route: call.rule === undefined ? "" : call.rule.name,
          side,
          callee,
          version,
          status,
          errorCode,
          injected,
          access: call.access,
          instance: outcome.kind === "replied" ? outcome.instance : call.instance,
          flag: flagsOf(outcome, injected),
          durationMs,
          attempts: attempt,
          requestId: fieldValue(head.headers, HEADER.requestId),
          traceparent: call.traceparent,
        });
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

const factsOf = (call: Call) => ({
  method: call.head.method,
  path: call.head.path,
  caller: call.head.caller,
  callee: call.head.callee,
  route: call.rule?.name ?? "",
  mirrored: call.mirrored,
});

/** In Envoy's words: `DI` for a delay that was put in, besides what ended the call. */
function flagsOf(outcome: Outcome, injected: string): string {
  if (outcome.kind === "replied" && injected === "") return "-";
  const delayed = injected.startsWith("delay") ? ["DI"] : [];
  const ended = outcome.kind === "replied" ? [] : [meaningOf(outcome.code).flag];
  return [...delayed, ...ended].join(",") || "-";
}
