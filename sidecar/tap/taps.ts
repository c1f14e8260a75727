import type { Subscription } from "../../src/bus/bus.ts";
import { MAX_ORDER_BYTES, readOrder, type TapOrder } from "../../src/control/tap/wire.ts";
import { registry as subjects } from "../../src/subjects/subjects.ts";
import type { Side } from "../../src/telemetry/side.ts";
import type { CallTaps } from "../observe/record.ts";
import type { Call } from "../stack/call.ts";
import { Tap, type TapParts } from "./tap.ts";
import { Tapping } from "./tapping.ts";

/** At once: what is told costs time. */
const MOST_TAPS = 4;

/** Who listens to the calls of this sidecar now, as the registry says. */
export class Taps implements CallTaps {
  /** Undefined while nobody does: then a call pays for looking at this, and nothing else. */
  active: readonly Tap[] | undefined;
  readonly #parts: TapParts;
  readonly #orders: Subscription;

  constructor(parts: TapParts) {
    this.#parts = parts;
    this.#orders = parts.bus.subscribe(subjects.tapEvent, undefined, ({ data }) => {
      const order = data.length > MAX_ORDER_BYTES ? undefined : readOrder(data);
      if (order?.service === parts.service) this.#take(order);
    });
  }

  /** @returns what wants to hear of the end of this call */
  begin(side: Side, call: Call): Tapping | undefined {
    const taps = this.active?.filter(({ order }) => order.side === side) ?? [];
    return taps.length === 0 ? undefined : new Tapping(taps, call, this.#parts);
  }

  close(): void {
    this.#orders.unsubscribe();
    for (const tap of this.active ?? []) tap.close();
    this.active = undefined;
  }

  #take(order: TapOrder): void {
    const { clock } = this.#parts;
    const known = this.active?.find((tap) => tap.order.id === order.id);
    if (known !== undefined) known.until = clock.now() + order.holdMs;
    else if (order.holdMs > 0 && (this.active?.length ?? 0) < MOST_TAPS) this.#open(order);
    this.#end();
    // The next that is over; an order that comes meanwhile may have put that off.
    if (order.holdMs > 0) clock.after(order.holdMs, () => this.#end());
  }

  #open(order: TapOrder): void {
    try {
      this.active = [...(this.active ?? []), new Tap(order, this.#parts)];
    } catch {
      // Of a later version: this sidecar does not know what it is asked for.
    }
  }

  #end(): void {
    const now = this.#parts.clock.now();
    const [over, left] = [[], []] as [Tap[], Tap[]];
    for (const tap of this.active ?? []) (tap.until <= now ? over : left).push(tap);
    for (const tap of over) tap.close();
    this.active = left.length === 0 ? undefined : left;
  }
}
