import type { Call, Layer } from "../stack/call.ts";
import { type Outcome, type Refused, refused } from "../stack/outcome.ts";
import type { Sweep } from "../stack/sweep.ts";
import { AdaptiveLimit, type AdaptiveOptions } from "./adaptive-limit.ts";
import { firstIn, firstOut, MOST_URGENT } from "./shed.ts";
import { endedWaiting, Wait } from "./wait.ts";
import { whenBodyEnds } from "./when-body-ends.ts";

/** Room is told again when no more than this part of the limit is in use; the rest is kept for urgent calls. */
const ROOM = 0.8;
/**
 * Room that was told stays so for at least this time: each change costs the broker work, in a cluster on each node, and
 * an instance that is out of its queue groups idles for a moment. Against none, 5 % to 20 % more calls got through at
 * three times the limit, with a sixth to two thirds of the changes.
 */
const ROOM_LASTS_MS = 20;
/**
 * A queue about which nothing is written holds a quarter of the limit, because more calls than that seldom come before
 * their callers know that there is no room; of a small limit that is less than chance alone brings at once, so it holds
 * so many, or as many as there are places: in the time of one call, each place becomes free once.
 */
const LEAST_QUEUE = 4;

export interface ConcurrencySettings {
  /** Calls that the app has at once. */
  readonly limit: number | Pick<AdaptiveOptions, "min" | "max">;
  /** How many may wait; undefined for a number that goes with the limit. */
  readonly queueCalls: number | undefined;
  readonly queueWaitMs: number;
  /** Undefined when all calls are alike. */
  readonly priority:
    | {
        /** From 0 (most) to 7. */
        readonly urgencyOf: (call: Call) => number;
        /** A call with a greater number is refused when 80 % of the limit is in use; 7 for none. */
        readonly shedBelow: number;
      }
    | undefined;
}

export interface ConcurrencyParts {
  readonly sweep: Sweep;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/**
 * Keeps the calls that an app has at once below a limit, to the end of their answers. At the limit it says that there
 * is no room, so that no more calls come (the instance leaves its queue groups); those that are on their way wait for a
 * moment, and are refused as undelivered when no place becomes free, so that they go to another instance.
 *
 * With priorities there is room while the most urgent call would still get into the queue: the broker cannot tell it
 * from the others, and a call that finds nobody cannot take the place of one that waits.
 *
 * It counts also while nothing is configured, so that a limit that comes later holds at once.
 */
export class ConcurrencyLimit {
  readonly #parts: ConcurrencyParts;
  #settings: ConcurrencySettings | undefined;
  #adaptive: AdaptiveLimit | undefined;
  #running = 0;
  /** In the order in which they came. */
  readonly #waiting: Waiting[] = [];
  #hasRoom = true;
  #roomSince = Number.NEGATIVE_INFINITY;
  readonly #listeners = new Set<(hasRoom: boolean) => void>();
  #queued = 0;
  #overloaded = 0;
  #shed = 0;

  constructor(parts: ConcurrencyParts) {
    this.#parts = parts;
  }

  /** Calls that the app may have at once; Infinity when nothing is configured. */
  get limit(): number {
    if (this.#adaptive !== undefined) return this.#adaptive.limit;
    const limit = this.#settings?.limit;
    return typeof limit === "number" ? limit : Number.POSITIVE_INFINITY;
  }

  get hasRoom(): boolean {
    return this.#hasRoom;
  }

  /** For metrics: what is now, and what was since the start. */
  get counts() {
    return {
      running: this.#running,
      waiting: this.#waiting.length,
      /** Calls that had to wait. */
      queued: this.#queued,
      /** Refused because there was no place in time. */
      overloaded: this.#overloaded,
      /** Refused in favour of more urgent ones. */
      shed: this.#shed,
    };
  }

  /** Told at each change; it leaves and joins the queue groups. Returns what ends it. */
  onRoom(listener: (hasRoom: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a new policy; what runs and what waits is kept. Undefined for no limit. */
  configure(settings: ConcurrencySettings | undefined): void {
    const { sweep, random } = this.#parts;
    const before = this.#settings?.limit;
    const limit = settings?.limit;
    this.#settings = settings;
    if (typeof limit !== "object") this.#adaptive = undefined;
    else if (typeof before !== "object" || before.min !== limit.min || before.max !== limit.max)
      this.#adaptive = new AdaptiveLimit({ ...limit, random }, sweep.now());
    this.#next();
  }

  readonly layer: Layer = (inner) => async (call) => {
    const refusal = this.#enter(call);
    if (refusal !== undefined) {
      const ended = refusal === WAIT ? await this.#wait(call) : refusal;
      if (ended !== undefined) return ended;
    }
    const startedAt = this.#parts.sweep.now();
    let outcome: Outcome;
    try {
      outcome = await inner(call);
    } catch (error) {
      // Also after a bug: a call that was not counted off would take its place for ever.
      this.#leave();
      throw error;
    }
    this.#sample(outcome, startedAt);
    if (outcome.kind === "replied" && !outcome.body.complete)
      return whenBodyEnds(outcome, () => this.#leave());
    this.#leave();
    return outcome;
  };

  /** Undefined when the call has a place. */
  #enter(call: Call): Refused | typeof WAIT | undefined {
    const { limit } = this;
    if (this.#running >= Math.max(1, Math.floor(limit * ROOM)) && this.#isShed(call)) {
      this.#shed++;
      call.note("shed");
      return this.#refuse("is kept for calls that are more urgent");
    }
    if (this.#running >= limit) return WAIT;
    this.#running++;
    this.#tell();
    return undefined;
  }

  /** A copy whose answer nobody waits for never takes the place of a call. */
  #isShed(call: Call): boolean {
    const priority = this.#settings?.priority;
    return call.mirrored || (priority !== undefined && priority.urgencyOf(call) > priority.shedBelow);
  }

  /** Undefined when it has got a place. */
  async #wait(call: Call): Promise<Outcome | undefined> {
    const { sweep } = this.#parts;
    const { queueWaitMs, priority } = this.#settings!;
    const urgency = priority === undefined ? 0 : priority.urgencyOf(call);
    if (this.#waiting.length >= this.#mostWaiting) {
      const out = firstOut(this.#waiting, urgency);
      if (out < 0) {
        this.#overloaded++;
        this.#tell();
        return this.#refuse("is in use, and so is the queue");
      }
      this.#waiting.splice(out, 1)[0]!.wait.wake();
    }
    this.#queued++;
    const waiting = new Waiting(call, new Wait(call, sweep, queueWaitMs), urgency);
    this.#waiting.push(waiting);
    this.#tell();
    const queuedFrom = sweep.now();
    const how = await waiting.wait.ended;
    call.note("queued", sweep.now() - queuedFrom);
    if (waiting.hasPlace) {
      if (call.cancelled === undefined) return undefined;
      // It was cancelled between the moment that it got the place and this one.
      this.#leave();
      return endedWaiting(call, call.cancelled, sweep.now(), WHERE);
    }
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#tell();
    if (how === "woken") {
      this.#shed++;
      call.note("shed");
      return this.#refuse("was needed for a call that is more urgent");
    }
    if (how !== "over") return endedWaiting(call, how, sweep.now(), WHERE);
    this.#overloaded++;
    return this.#refuse(`was still in use after ${queueWaitMs} ms`);
  }

  #refuse(why: string): Refused {
    const message = `every place of the ${this.limit} that this instance has ${why}`;
    return { ...refused("overloaded", message), retryAfterMs: RETRY_AFTER_MS };
  }

  #leave(): void {
    this.#running--;
    this.#next();
  }

  /** Gives free places to those that wait. */
  #next(): void {
    while (this.#waiting.length > 0 && this.#running < this.limit) {
      const waiting = this.#waiting.splice(firstIn(this.#waiting), 1)[0]!;
      if (waiting.isOver(this.#parts.sweep.now())) continue;
      waiting.hasPlace = true;
      this.#running++;
      waiting.wait.wake();
    }
    this.#tell();
  }

  get #mostWaiting(): number {
    const { limit } = this;
    return this.#settings?.queueCalls ?? Math.min(limit, Math.max(LEAST_QUEUE, Math.floor(limit / 4)));
  }

  /** The queue would take a call of the greatest urgency, if need be in the place of another. */
  get #takesUrgent(): boolean {
    if (this.#settings?.priority === undefined) return false;
    return this.#waiting.length < this.#mostWaiting || firstOut(this.#waiting, MOST_URGENT) >= 0;
  }

  #tell(): void {
    const { limit } = this;
    const most = this.#hasRoom ? limit : Math.floor(limit * ROOM) + 1;
    const hasRoom = this.#running < most || this.#takesUrgent;
    if (hasRoom === this.#hasRoom) return;
    const now = this.#parts.sweep.now();
    // Too soon: the next call that comes is another occasion.
    if (this.#hasRoom && now - this.#roomSince < ROOM_LASTS_MS) return;
    this.#hasRoom = hasRoom;
    this.#roomSince = now;
    for (const listener of this.#listeners) listener(hasRoom);
  }

  /** What the app was quick to fail, and what its caller left, tells nothing about how busy it is. */
  #sample(outcome: Outcome, startedAt: number): void {
    if (this.#adaptive === undefined) return;
    const isTold = outcome.kind === "replied" ? outcome.status < 500 : outcome.code === "deadline";
    const now = this.#parts.sweep.now();
    if (!isTold) return;
    this.#adaptive.sample(now - startedAt, this.#running, now);
    // The limit may have grown, and a streamed answer keeps its place: those that wait come before newcomers.
    this.#next();
  }
}

const WAIT = "wait";
const WHERE = "while it waited for a place at the app";
/** The least that `Retry-After` can say (RFC 9110 §10.2.3: whole seconds). */
const RETRY_AFTER_MS = 1000;

class Waiting {
  readonly wait: Wait;
  readonly urgency: number;
  readonly #call: Call;
  hasPlace = false;

  constructor(call: Call, wait: Wait, urgency: number) {
    this.#call = call;
    this.wait = wait;
    this.urgency = urgency;
  }

  /** It has ended, or is about to, and does not know yet that it is still in the queue. */
  isOver(now: number): boolean {
    const { cancelled, dueAt } = this.#call;
    return cancelled !== undefined || dueAt <= now || this.wait.dueAt <= now;
  }
}
