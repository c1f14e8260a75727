import { RecentCalls } from "../../sidecar/observe/recent-calls.ts";
import { NO_TAPS, record } from "../../sidecar/observe/record.ts";
import { Taps } from "../../sidecar/tap/taps.ts";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { MAX_HOLD_MS, MAX_TAP_RATE, type TapOrder } from "../../src/control/tap/wire.ts";
import { systemClock } from "../../src/registry/clock.ts";
import { pack } from "../../src/registry/frame.ts";
import { registry } from "../../src/subjects/subjects.ts";
import { CallMeter } from "../../src/telemetry/call-meter.ts";
import type { Tracer } from "../../src/telemetry/trace.ts";
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

/** What a call pays for being recorded: with nobody who listens, with a tap of other calls, with one of every call. */
export async function tapCases(tracer: Tracer): Promise<Case[]> {
  return [
    await recorded("record: no tap", tracer, undefined),
    await recorded("record: a tap that means other calls", tracer, { ...ORDER, where: "status >= 500" }),
    await recorded("record: a tap of 1000 calls a second", tracer, ORDER),
  ];
}

async function recorded(name: string, tracer: Tracer, order: TapOrder | undefined): Promise<Case> {
  const taps = order === undefined ? NO_TAPS : await opened(order);
  const meter = () => new CallMeter({ side: "client", service: "web" });
  const service = record("client", {
    ...{ meter: meter(), mirrorMeter: meter(), tracer, recent: new RecentCalls(), taps },
    ...{ keep: undefined, accessLog: undefined, now: () => performance.now() },
  })(send);
  return repeatAwaited(name, () => service(callFor(REQUEST, performance.now())));
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
