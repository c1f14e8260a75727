import { createAccessLog } from "../../sidecar/observe/access-log.ts";
import { RecentCalls } from "../../sidecar/observe/recent-calls.ts";
import { NO_TAPS, type Recorder, record } from "../../sidecar/observe/record.ts";
import type { Span } from "../../sidecar/observe/span.ts";
import { SpanRequests } from "../../sidecar/observe/span-requests.ts";
import { formatTraceparent, newTraceContext } from "../../sidecar/observe/trace-context.ts";
import type { Tracer } from "../../sidecar/observe/tracer.ts";
import { Taps } from "../../sidecar/tap/taps.ts";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { MAX_HOLD_MS, MAX_TAP_RATE, type TapOrder } from "../../src/control/tap/wire.ts";
import { systemClock } from "../../src/registry/clock.ts";
import { pack } from "../../src/registry/frame.ts";
import { registry } from "../../src/subjects/subjects.ts";
import { CallMeter } from "../../src/telemetry/call-meter.ts";
import { repeatAwaited } from "./cases.ts";
import type { Case } from "./clock.ts";
import { send } from "./layer-cases.ts";
import { callFor } from "./leaf.ts";
import { requestFor } from "./plan-of.ts";

const REQUEST = requestFor("/v2/orders/42?expand=items");
const ORDER: TapOrder = {
  ...{ id: "0".repeat(24), service: "web", side: "client", where: "", bodyBytes: 0, rate: MAX_TAP_RATE },
  holdMs: MAX_HOLD_MS,
};

/** What a call pays for being recorded: with nobody who looks, with a tap, in the access log, with a span that is sent. */
export async function observeCases(tracer: Tracer): Promise<Case[]> {
  const seldom = await opened({ ...ORDER, where: "status >= 500" });
  const accessLog = createAccessLog(() => {});
  return [
    recorded("record: nobody looks", { tracer }),
    recorded("record: a tap that means other calls", { tracer, taps: seldom }),
    recorded("record: a tap of 1000 calls a second", { tracer, taps: await opened(ORDER) }),
    recorded("record: in the access log", { tracer, accessLog }),
    recorded("record: a span, made and written", { tracer: recordingTracer() }),
  ];
}

function recorded(name: string, over: Pick<Recorder, "tracer"> & Partial<Recorder>): Case {
  const meter = () => new CallMeter({ side: "client", service: "web" });
  const service = record("client", {
    ...{ meter: meter(), mirrorMeter: meter(), recent: new RecentCalls("client"), taps: NO_TAPS },
    ...{ keep: undefined, accessLog: undefined, now: () => performance.now() },
    ...over,
  })(send);
  return repeatAwaited(name, () => service(callFor(REQUEST, performance.now())));
}

/** Records every call; writes a request of spans as often as the SDK's processor does, and sends it nowhere. */
function recordingTracer(): Tracer {
  const requests = new SpanRequests({ "service.name": "web" });
  let spans: Span[] = [];
  return {
    next: () => formatTraceparent(newTraceContext(1)),
    records: () => true,
    record(span) {
      spans.push(span);
      if (spans.length < 512) return;
      requests.of(spans);
      spans = [];
    },
    shutdown: async () => {},
  };
}

/** A tap on a bus in memory, where somebody listens. */
async function opened(order: TapOrder): Promise<Taps> {
  const broker = new MemoryBroker();
  const [bus, other] = [broker.connect(), broker.connect()];
  const taps = new Taps({ bus, clock: systemClock, service: "web", instance: "i", version: "1" });
  other.subscribe(registry.everyTapped(order.id, "web"), undefined, () => {});
  const say = () => other.send(registry.tapEvent, pack(order));
  say();
  // As whoever taps does: the bench goes on for longer than a sidecar does by itself.
  setInterval(say, MAX_HOLD_MS / 3).unref();
  await new Promise((resolve) => setTimeout(resolve, 20));
  return taps;
}
