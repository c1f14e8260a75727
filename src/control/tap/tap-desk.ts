import type { Bus } from "../../bus/bus.ts";
import type { Clock } from "../../registry/clock.ts";
import type { Log } from "../../registry/drops.ts";
import { pack } from "../../registry/frame.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import { MAX_HOLD_MS, type TapOrder } from "./wire.ts";

/** At once; each sidecar takes four at most. */
const MOST_TAPS = 16;

/**
 * Has sidecars tell of their calls, as long as whoever taps says so again. It keeps nothing that a tap needs: after a
 * restart, or at another registry, the next word goes on with it.
 */
export class TapDesk {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #log: Log;
  /** By id, until when (monotonic). */
  readonly #open = new Map<string, number>();

  constructor({ bus, clock, log }: { readonly bus: Bus; readonly clock: Clock; readonly log: Log }) {
    this.#bus = bus;
    this.#clock = clock;
    this.#log = log;
  }

  /** @param order with a `holdMs` of 0 it ends @returns why it cannot be, for people; undefined when it is told */
  order(order: TapOrder): string | undefined {
    const now = this.#clock.now();
    for (const [id, until] of this.#open) if (until <= now) this.#open.delete(id);
    const { id, service, side, where, bodyBytes, holdMs } = order;
    const isNew = !this.#open.has(id);
    if (holdMs === 0) this.#open.delete(id);
    else if (isNew && this.#open.size >= MOST_TAPS)
      return `${MOST_TAPS} taps are open already: end one of them, or wait until it ends`;
    else this.#open.set(id, now + MAX_HOLD_MS);
    if (isNew && holdMs > 0)
      this.#log.info({ event: "tap", id, service, side, where, bodyBytes }, "tap opened");
    return this.#bus.send(subjects.tapEvent, pack(order))
      ? undefined
      : "the registry has no connection to the broker now: look at the broker's log";
  }
}
