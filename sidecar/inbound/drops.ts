import type { Say } from "../options.ts";

const SAY_EVERY_MS = 60_000;

/**
 * Tells of messages that were dropped: the first, and then at most one line a minute with how many there were. Whoever
 * may call this service may send it junk, and must not be able to fill its log.
 */
export class Drops {
  readonly #say: Say;
  readonly #now: () => number;
  #untold = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(say: Say, now: () => number) {
    this.#say = say;
    this.#now = now;
  }

  count(reason: string, subject: string): void {
    this.#untold++;
    const now = this.#now();
    if (now - this.#saidAt < SAY_EVERY_MS) return;
    this.#say("warn", `${this.#untold} message(s) dropped, the last on ${subject}: ${reason}`, "dropped");
    this.#saidAt = now;
    this.#untold = 0;
  }
}
