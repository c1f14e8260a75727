import type { Code } from "../../src/protocol/code.ts";
import type { Call } from "../stack/call.ts";
import type { Sweep, Timed } from "../stack/sweep.ts";
import { Wait } from "./wait.ts";

/** Mean time between two calls that are sent to see whether somebody is there. */
const PROBE_MS = 250;
/** Releases begin within this time, and follow each other in it, so that callers that wait for one service are spread. */
const TICK_MS = 25;
/** Calls that are sent first; twice as many in each tick that follows. */
const FIRST_CALLS = 20;

/** A call that is held. When it was sent in vain it comes back to the place that it had. */
export class Place {
  readonly call: Call;
  /** Counts up: who came first goes first. */
  readonly order: number;
  /** When it has been held for too long, in ms of the sweep's clock. */
  readonly until: number;
  wait: Wait | undefined;

  constructor(call: Call, order: number, until: number) {
    this.call = call;
    this.order = order;
    this.until = until;
  }

  isOver(now: number): boolean {
    const { cancelled, dueAt } = this.call;
    return cancelled !== undefined || dueAt <= now || this.until <= now;
  }
}

/**
 * The calls that are held for one version of a service, in the order in which they came. Closed, it sends one from time
 * to time; open, it sends more and more until it is empty, or until one comes back because nobody was there after all.
 */
export class ParkedLine implements Timed {
  dueAt = Number.POSITIVE_INFINITY;
  sweepSlot = -1;
  readonly #sweep: Sweep;
  readonly #random: () => number;
  readonly #places: Place[] = [];
  /** Calls to send at the next tick; 0 while it is closed. */
  #width = 0;
  /** The call that was sent last to see whether somebody is there. */
  #probe: Call | undefined;

  constructor(sweep: Sweep, random: () => number) {
    this.#sweep = sweep;
    this.#random = random;
  }

  get size(): number {
    return this.#places.length;
  }

  /** Resolves with `woken` when it is the call's turn; the call is in the line until then. */
  async wait(place: Place): Promise<"over" | "woken" | Code> {
    const wait = new Wait(place.call, this.#sweep, Math.max(0, place.until - this.#sweep.now()));
    place.wait = wait;
    const after = this.#places.findLastIndex(({ order }) => order < place.order);
    this.#places.splice(after + 1, 0, place);
    if (this.sweepSlot < 0) this.#probeLater();
    const how = await wait.ended;
    const at = this.#places.indexOf(place);
    if (at >= 0) this.#places.splice(at, 1);
    if (this.#places.length === 0) this.#sweep.delete(this);
    return how;
  }

  /** Somebody is there. */
  open(): void {
    if (this.#width > 0) return;
    this.#width = FIRST_CALLS;
    this.#at(this.#random() * TICK_MS);
  }

  /** Nobody is. */
  close(): void {
    this.#probe = undefined;
    this.#width = 0;
    this.#probeLater();
  }

  due(): void {
    // An app may take long to answer, but its sidecar says soon that it has the call.
    const isTaken = this.#probe !== undefined && this.#probe.instance !== "";
    if (this.#width === 0 && isTaken) this.#width = FIRST_CALLS;
    if (this.#width === 0) {
      this.#probe = this.#sendNext();
      this.#probeLater();
      return;
    }
    for (let i = 0; i < this.#width && this.#sendNext() !== undefined; i++);
    this.#width *= 2;
    this.#at((0.5 + this.#random()) * TICK_MS);
  }

  #sendNext(): Call | undefined {
    const now = this.#sweep.now();
    for (;;) {
      const place = this.#places.shift();
      if (place === undefined) return undefined;
      // It has ended, or is about to, and has not left the line yet.
      if (place.isOver(now)) continue;
      place.wait?.wake();
      return place.call;
    }
  }

  #probeLater(): void {
    this.#at((0.5 + this.#random()) * PROBE_MS);
  }

  #at(ms: number): void {
    this.dueAt = this.#sweep.now() + ms;
    this.#sweep.add(this);
  }
}
