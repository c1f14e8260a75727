import type { Layer, Service } from "../stack/call.ts";
import { failed } from "../stack/outcome.ts";
import type { Sweep } from "../stack/sweep.ts";
import { endedWaiting, Wait } from "./wait.ts";

/** As much of the bus as this policy needs. */
export interface BrokerWatch {
  readonly state: { readonly kind: "connected" | "away" | "closed" };
  onState(listener: (state: BrokerWatch["state"]) => void): () => void;
}

/** Holds calls back while the broker is away, for at most `waitMs`, instead of failing them at once. */
export const waitForBroker =
  (broker: BrokerWatch, waitMs: number, sweep: Sweep): Layer =>
  (inner) => {
    const hold = held(inner, broker, waitMs, sweep);
    // No promise of its own for a call that does not wait.
    return (call) => (broker.state.kind === "connected" ? inner(call) : hold(call));
  };

const held =
  (inner: Service, broker: BrokerWatch, waitMs: number, sweep: Sweep): Service =>
  async (call) => {
    const heldFrom = sweep.now();
    const wait = new Wait(call, sweep, waitMs);
    const stop = broker.onState(({ kind }) => kind === "connected" && wait.wake());
    const how = await wait.ended;
    stop();
    call.note("broker-away", sweep.now() - heldFrom);
    if (how === "woken") return inner(call);
    if (how === "over") return failed("broker-away", "no", `no connection to the broker for ${waitMs} ms`);
    return endedWaiting(call, how, sweep.now(), "while it waited for the broker");
  };
