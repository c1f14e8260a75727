import type { TestContext } from "node:test";
import { Servings } from "../../sidecar/inbound/servings.ts";
import { Exchanges } from "../../sidecar/outbound/exchanges.ts";
import type { Call, CallHead, Service } from "../../sidecar/stack/call.ts";
import { Sweep } from "../../sidecar/stack/sweep.ts";
import type { Bus } from "../../src/bus/bus.ts";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { Subjects } from "../../src/subjects/subjects.ts";
import { aCall } from "./calls.ts";

/** A caller `shop` and an instance `o1` of `orders`, version 1, without HTTP: the two ends of exchanges alone. */
export interface ExchangePair {
  readonly broker: MemoryBroker;
  readonly callerBus: Bus;
  readonly calleeBus: Bus;
  readonly exchanges: Exchanges;
  readonly servings: Servings;
  readonly sweep: Sweep;
  /** What the callee dropped without an answer. */
  readonly dropped: string[];
  /** Moves the clock of both ends, and runs what is due then. */
  pass(ms: number): void;
  call(head?: Partial<CallHead>): Call;
}

export function exchangePair(
  t: TestContext,
  serve: Service,
  maxPayload?: number,
  brokerTraces = false,
): ExchangePair {
  const broker = new MemoryBroker(maxPayload);
  const [callerBus, calleeBus] = [broker.connect(), broker.connect()];
  let now = 0;
  const sweep = new Sweep(() => now);
  const subjects = new Subjects();
  const dropped: string[] = [];
  const shared = { sweep, subjects, idleTimeoutMs: 60_000 };
  const exchanges = new Exchanges({
    brokerTraces,
    ...{ ...shared, bus: callerBus, service: "shop", instance: "s1" },
    pause: { isOn: false },
  });
  const servings = new Servings({
    ...shared,
    bus: calleeBus,
    service: "orders",
    version: "1",
    instance: "o1",
    serve,
    dropped: (reason) => dropped.push(reason),
  });
  servings.join();
  t.after(() => Promise.all([callerBus.close(), calleeBus.close()]));
  return {
    ...{ broker, callerBus, calleeBus, exchanges, servings, sweep, dropped },
    pass(ms) {
      now += ms;
      sweep.tick();
    },
    call: (head = {}) => aCall(head, now),
  };
}
