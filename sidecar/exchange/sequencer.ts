import type { Sequenced } from "../../src/protocol/frame.ts";

/** Frames held back while an earlier one is missing; more than this is no disorder but loss. */
const MOST_HELD = 64;

/**
 * Puts the frames of one direction back into order. Frames of one sender keep their order on one connection; they can
 * come twice or out of order only while a connection is being replaced.
 */
export class Sequencer {
  #next = 0;
  #held: Map<number, Sequenced> | undefined;

  /** True while a frame is missing. */
  get waiting(): boolean {
    return this.#held !== undefined && this.#held.size > 0;
  }

  /**
   * Hands `frame`, and those that it was blocking, to `deliver` in order; drops what came before.
   * @returns false when too much is missing to go on
   */
  take(frame: Sequenced, deliver: (frame: Sequenced) => void): boolean {
    if (frame.sequence < this.#next) return true;
    if (frame.sequence > this.#next) return this.#hold(frame);
    this.#next++;
    deliver(frame);
    if (this.#held === undefined) return true;
    for (let ready = this.#held.get(this.#next); ready !== undefined; ready = this.#held.get(this.#next)) {
      this.#held.delete(this.#next++);
      deliver(ready);
    }
    return true;
  }

  #hold(frame: Sequenced): boolean {
    this.#held ??= new Map();
    this.#held.set(frame.sequence, frame);
    return this.#held.size <= MOST_HELD;
  }
}
