import type { Bus } from "../../bus/bus.ts";
import { type Clock, every } from "../../registry/clock.ts";
import { pack } from "../../registry/frame.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import { MAX_HOLD_MS, type PauseOrder } from "./wire.ts";

/** So long calls under way get to end; most services answer far sooner, and callers wait meanwhile. */
export const DRAIN_MS = 4000;
/** So that a sidecar that comes in between hears of it. */
const AGAIN_EVERY_MS = 500;
const LOOK_EVERY_MS = 10;

/** Which sidecars there are, as far as a pause needs to know. */
export interface Quietness {
  /** How many have not said that they are quiet in that pause. */
  loud(pause: number): number;
  /** How many have not been heard since, by Unix ms. */
  unheardSince(at: number): number;
}

export interface PauseDeskParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly sidecars: Quietness;
}

/**
 * A planned pause of all calls, around a restart of the only broker: callers' sidecars hold what begins, what is under
 * way ends, the broker is restarted, everybody is back, and what was held goes on. It costs time and no call, but those
 * that take longer than `DRAIN_MS`. Sidecars end it by themselves when nobody else does.
 */
export class PauseDesk {
  readonly #parts: PauseDeskParts;
  #stops: (() => void)[] = [];
  #id: number | undefined;
  #beganAt = 0;
  #wasAway = false;
  /** When the broker came back, in Unix ms; undefined before. */
  #backAt: number | undefined;

  constructor(parts: PauseDeskParts) {
    this.#parts = parts;
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#id = undefined;
  }

  /**
   * Has new calls wait.
   * @returns how many sidecars still have calls under way when the time for that is over: 0 when all are quiet before
   */
  async begin(): Promise<number> {
    const { bus, clock, sidecars } = this.#parts;
    this.stop();
    const id = clock.unix();
    this.#id = id;
    this.#beganAt = clock.now();
    this.#wasAway = false;
    this.#backAt = undefined;
    this.#stops = [
      bus.onState(({ kind }) => {
        this.#wasAway ||= kind === "away";
        if (kind !== "connected" || !this.#wasAway) return;
        this.#backAt ??= clock.unix();
        // Who was back before this registry was not heard, and beats once more for this.
        this.#say(this.#left);
      }),
      every(
        clock,
        () => AGAIN_EVERY_MS,
        () => this.#say(this.#left),
      ),
    ];
    this.#say(MAX_HOLD_MS);
    await this.#until(() => sidecars.loud(id) === 0, DRAIN_MS);
    return sidecars.loud(id);
  }

  /**
   * Lets calls go on, once everybody who was there is back.
   * @returns how many were not when the time for that was over
   */
  async end(): Promise<number> {
    if (this.#id === undefined) return 0;
    const { sidecars } = this.#parts;
    const missing = () => (this.#backAt === undefined ? 1 : sidecars.unheardSince(this.#backAt));
    await this.#until(() => missing() === 0, this.#left);
    const late = missing();
    this.#say(0);
    this.stop();
    return late;
  }

  get #left(): number {
    return Math.max(0, Math.round(this.#beganAt + MAX_HOLD_MS - this.#parts.clock.now()));
  }

  #say(holdMs: number): void {
    const drainMs = Math.max(0, holdMs - (MAX_HOLD_MS - DRAIN_MS));
    const order: PauseOrder = { id: this.#id!, holdMs, drainMs };
    this.#parts.bus.send(subjects.pauseEvent, pack(order));
  }

  /** Resolves when it is so, or when the time is over. */
  #until(isSo: () => boolean, withinMs: number): Promise<void> {
    const { clock } = this.#parts;
    const endsAt = clock.now() + withinMs;
    return new Promise((resolve) => {
      const look = (): void => {
        if (isSo() || clock.now() >= endsAt) resolve();
        else clock.after(LOOK_EVERY_MS, look);
      };
      look();
    });
  }
}
