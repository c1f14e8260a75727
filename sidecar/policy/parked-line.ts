import type { Code } from "../../src/protocol/code.ts";
import type { Call } from "../stack/call.ts";
import type { Sweep, Timed } from "../stack/sweep.ts";
import { Wait } from "./wait.ts";

/** Mean time between two calls that are sent to see whether somebody is there. */
const PROBE_MS = 250;
/** Releases begin within this time, and follow each other in it, so that callers that wait for one service are spread. */
const TICK_MS = 25;
/** Calls that are under way at first; twice as many in each tick that follows. */
const FIRST_CALLS = 20;
/** From there on a few more in each tick: an instance that has just started is not up to all that were held. */
const MANY_CALLS = 128;
const FEW_CALLS = 10;
/** Who took a call so lately is there: that the broker knows nobody means that all are at their limits. */
const STILL_THERE_MS = 1000;

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
 * to time; open, it has more and more under way until it is empty. A call that comes back because all places are taken
 * halves that number, which then grows by one at a time (as TCP does, RFC 5681 §3.1); one that found nobody closes it.
 */
export class ParkedLine implements Timed {
  dueAt = Number.POSITIVE_INFINITY;
  sweepSlot = -1;
  readonly #sweep: Sweep;
  readonly #random: () => number;
  readonly #places: Place[] = [];
  /** Calls that were sent and have not ended. */
  #underWay = 0;
  /** How many of them there may be; 0 while it is closed. */
  #window = 0;
  /** All places were taken: the window grows by one at a time. */
  #isCareful = false;
  /** What was heard since the last tick. */
  #heard: "nothing" | "taken" | "full" = "nothing";
  #takenAt = Number.NEGATIVE_INFINITY;
  #grownAt = Number.NEGATIVE_INFINITY;
  /** The call that was sent last to see whether somebody is there. */
  #probe: Call | undefined;

  constructor(sweep: Sweep, random: () => number) {
    this.#sweep = sweep;
    this.#random = random;
  }

  get size(): number {
    return this.#places.length;
  }

  /** No call is held or under way. */
  get isIdle(): boolean {
    return this.#places.length === 0 && this.#underWay === 0;
  }

  /** Resolves with `woken` when it is the call's turn; the call is in the line until then, and then under way. */
  async wait(place: Place): Promise<"over" | "woken" | Code> {
    const wait = new Wait(place.call, this.#sweep, Math.max(0, place.until - this.#sweep.now()));
    place.wait = wait;
    const after = this.#places.findLastIndex(({ order }) => order < place.order);
    this.#places.splice(after + 1, 0, place);
    if (this.sweepSlot < 0) this.#goOn();
    const how = await wait.ended;
    const at = this.#places.indexOf(place);
    if (at >= 0) this.#places.splice(at, 1);
    if (this.#places.length === 0) this.#sweep.delete(this);
    return how;
  }

  /** Somebody is there. */
  open(): void {
    if (this.#window > 0) return;
    this.#window = FIRST_CALLS;
    this.#at(this.#random() * TICK_MS);
  }

  /** A call that was sent has ended; not because nobody had a place for it. */
  taken(): void {
    this.#underWay--;
    this.#takenAt = this.#sweep.now();
    if (this.#heard === "nothing") this.#heard = "taken";
  }

  /** A call that was sent comes back: somebody is there, and has no place for it. */
  full(): void {
    this.#underWay--;
    this.#halve();
  }

  /** A call that was sent comes back: the broker knows nobody, or knows nobody with a place. */
  nobody(): void {
    this.#underWay--;
    const isThere = this.#underWay > 0 || this.#sweep.now() - this.#takenAt < STILL_THERE_MS;
    if (isThere) this.#halve();
    else this.#close();
  }

  /** A call that was sent comes back: the broker is away. */
  brokerAway(): void {
    this.#underWay--;
    this.#close();
  }

  due(): void {
    // An app may take long to answer, but its sidecar says soon that it has the call.
    const isTaken = this.#probe !== undefined && this.#probe.instance !== "";
    if (this.#window === 0 && isTaken) this.#window = FIRST_CALLS;
    if (this.#window === 0) {
      this.#probe = this.#sendNext();
      this.#goOn();
      return;
    }
    while (this.#underWay < this.#window && this.#sendNext() !== undefined);
    this.#grow();
    this.#goOn();
  }

  #halve(): void {
    const half = this.#heard === "full" ? this.#window : Math.floor(this.#window / 2);
    // Those that did not come back found a place.
    this.#window = Math.max(1, Math.min(half, this.#underWay));
    this.#heard = "full";
    this.#isCareful = true;
    this.#grownAt = this.#sweep.now();
  }

  /** Where no call ends, it grows too, but not more often than it would look whether somebody is there. */
  #grow(): void {
    const now = this.#sweep.now();
    const heard = this.#heard;
    this.#heard = "nothing";
    if (heard === "full") return;
    if (!this.#isCareful) {
      const isMany = this.#window >= MANY_CALLS;
      this.#window = isMany ? this.#window + FEW_CALLS : Math.min(MANY_CALLS, 2 * this.#window);
    } else if (heard === "taken" || now - this.#grownAt >= PROBE_MS) {
      this.#window++;
      this.#grownAt = now;
    }
  }

  #close(): void {
    this.#probe = undefined;
    this.#window = 0;
    this.#isCareful = false;
    this.#goOn();
  }

  #sendNext(): Call | undefined {
    const now = this.#sweep.now();
    for (;;) {
      const place = this.#places.shift();
      if (place === undefined) return undefined;
      // It has ended, or is about to, and has not left the line yet.
      if (place.isOver(now)) continue;
      this.#underWay++;
      place.wait?.wake();
      return place.call;
    }
  }

  #goOn(): void {
    this.#at((0.5 + this.#random()) * (this.#window === 0 ? PROBE_MS : TICK_MS));
  }

  #at(ms: number): void {
    this.dueAt = this.#sweep.now() + ms;
    this.#sweep.add(this);
  }
}
