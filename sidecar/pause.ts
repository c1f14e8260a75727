import type { Bus, Subscription } from "../src/bus/bus.ts";
import { MAX_HOLD_MS, MAX_PAUSE_BYTES, type PauseOrder, readPause } from "../src/control/pause/wire.ts";
import { registry as subjects } from "../src/subjects/subjects.ts";
import type { Say } from "./options.ts";
import type { Sweep, Timed } from "./stack/sweep.ts";

/** After a pause the next counts only when so many times its length have passed: nobody can hold calls for good. */
const APART = 5;
const LOOK_EVERY_MS = 10;

export interface PauseParts {
  readonly bus: Bus;
  readonly sweep: Sweep;
  readonly say: Say;
  /** Whether a call is under way, in either direction, that a restart of the broker would cut off. */
  readonly busy: () => boolean;
  /** Whether one is served: what the app calls now may belong to it. */
  readonly serves: () => boolean;
}

/**
 * A planned pause, as the registry announces it (`src/control/pause`): calls that begin wait while the broker is
 * restarted. Calls of an app that serves others go through until those have ended, since they would wait for each other
 * else. It ends when the registry says so, or by itself.
 */
export class Pause implements Timed {
  /** Looked at by each call, so it is a mere field; while it is false there is no more to a pause than this. */
  isOn = false;
  dueAt = 0;
  sweepSlot = -1;
  readonly #parts: PauseParts;
  readonly #orders: Subscription;
  readonly #overListeners = new Set<() => void>();
  readonly #quietListeners = new Set<() => void>();
  #id = 0;
  #beganAt = 0;
  #until = 0;
  #drainUntil = 0;
  /** Before this no other pause counts. */
  #nextAt = Number.NEGATIVE_INFINITY;
  #toldQuiet = false;

  constructor(parts: PauseParts) {
    this.#parts = parts;
    this.#orders = parts.bus.subscribe(subjects.pauseEvent, undefined, ({ data }) => {
      const order = data.length > MAX_PAUSE_BYTES ? undefined : readPause(data);
      if (order !== undefined) this.#take(order);
    });
  }

  /** Whether a call that begins now has to wait. */
  get holds(): boolean {
    if (!this.isOn) return false;
    const { bus, sweep, serves } = this.#parts;
    return bus.state.kind !== "connected" || sweep.now() >= this.#drainUntil || !serves();
  }

  /** The pause in which nothing is under way here; for beats. */
  get quiet(): number | undefined {
    return this.isOn && !this.#parts.busy() ? this.#id : undefined;
  }

  /** Told when it is over. */
  onOver(listener: () => void): void {
    this.#overListeners.add(listener);
  }

  /** Told when it has become quiet here, and whenever the registry wants to hear it again. */
  onQuiet(listener: () => void): () => void {
    this.#quietListeners.add(listener);
    return () => this.#quietListeners.delete(listener);
  }

  /** The sweep: looks whether it is quiet, and whether the time is over. */
  due(): void {
    if (!this.isOn) return;
    const now = this.#parts.sweep.now();
    if (now >= this.#until) {
      this.#end(now);
      return;
    }
    if (!this.#toldQuiet && this.quiet !== undefined) this.#tellQuiet();
    this.#lookLater(now);
  }

  close(): void {
    this.#orders.unsubscribe();
    if (this.isOn) this.#end(this.#parts.sweep.now());
  }

  #take({ id, holdMs, drainMs }: PauseOrder): void {
    const now = this.#parts.sweep.now();
    if (this.isOn && id === this.#id) {
      if (holdMs === 0) this.#end(now);
      else if (this.quiet !== undefined) this.#tellQuiet();
    } else if (holdMs > 0 && !this.isOn && now >= this.#nextAt) this.#begin(id, now, holdMs, drainMs);
  }

  #begin(id: number, now: number, holdMs: number, drainMs: number): void {
    this.isOn = true;
    this.#id = id;
    this.#beganAt = now;
    this.#until = now + Math.min(holdMs, MAX_HOLD_MS);
    this.#drainUntil = now + drainMs;
    this.#toldQuiet = false;
    this.#parts.say("info", "the broker is about to be restarted: new calls wait for it", "pause");
    this.due();
  }

  #end(now: number): void {
    this.isOn = false;
    this.#parts.sweep.delete(this);
    const lastedMs = now - this.#beganAt;
    this.#nextAt = now + APART * lastedMs;
    this.#parts.say("info", `new calls have waited for ${Math.round(lastedMs)} ms, and go on`, "pause-over");
    for (const listener of this.#overListeners) listener();
  }

  #tellQuiet(): void {
    this.#toldQuiet = true;
    for (const listener of this.#quietListeners) listener();
  }

  #lookLater(now: number): void {
    this.dueAt = Math.min(this.#until, now + LOOK_EVERY_MS);
    this.#parts.sweep.add(this);
  }
}
