import type { TestContext } from "node:test";
import { RecentCalls } from "../../../sidecar/observe/recent-calls.ts";
import { record } from "../../../sidecar/observe/record.ts";
import { wholeBody } from "../../../sidecar/stack/body.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import type { Outcome, Replied } from "../../../sidecar/stack/outcome.ts";
import { Taps } from "../../../sidecar/tap/taps.ts";
import { MemoryBroker } from "../../../src/bus/memory-bus.ts";
import { MAX_HOLD_MS, readReport, type TapOrder, type TapReport } from "../../../src/control/tap/wire.ts";
import { pack } from "../../../src/registry/frame.ts";
import { registry } from "../../../src/subjects/subjects.ts";
import { aCall } from "../../support/calls.ts";
import { FakeClock, turns } from "../../support/fake-clock.ts";
import { scene } from "../outbound/scene.ts";

export const ID = "0123456789abcdef01234567";

export const answer = (over: Partial<Replied> = {}): Replied => ({
  ...{ kind: "replied", status: 200, reason: "OK", headers: "", body: wholeBody(), instance: "o1" },
  ...over,
});

/** A sidecar of `orders` whose calls are recorded, and somebody who listens to one tap. */
export function tapScene(t: TestContext) {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const [bus, authority] = [broker.connect(), broker.connect()];
  const taps = new Taps({ bus, clock, service: "orders", instance: "o1", version: "2" });
  t.after(() => taps.close());
  const reports: (TapReport | undefined)[] = [];
  authority.subscribe(registry.everyTapped(ID, "orders"), undefined, ({ data }) => {
    reports.push(readReport(data));
  });
  const { recorder } = scene();
  const layer = record("server", {
    ...recorder,
    taps,
    recent: new RecentCalls("server"),
    now: () => clock.now(),
  });
  return {
    ...{ broker, clock },
    open: () => taps.active?.length ?? 0,
    async order(over: Partial<TapOrder> = {}) {
      const order: TapOrder = {
        ...{ id: ID, service: "orders", side: "server", where: "", bodyBytes: 0, rate: 10 },
        holdMs: MAX_HOLD_MS,
        ...over,
      };
      authority.send(registry.tapEvent, pack(order));
      await turns();
    },
    call: (outcome: Outcome = answer(), head: Parameters<typeof aCall>[0] = {}, look = (_: Call) => {}) =>
      layer(async (call) => {
        look(call);
        return outcome;
      })(aCall(head, clock.now())),
    /** Lets what waits be told. */
    async told() {
      await clock.run(300);
      return reports.splice(0);
    },
  };
}
