import type { Layer } from "../stack/call.ts";
import { refused } from "../stack/outcome.ts";

/**
 * Lets so many calls wait for an answer at once, and refuses more: a queue without end only moves the failure. All
 * services that its layer wraps share its places.
 */
export class PendingLimit {
  #most: number;
  readonly #whose: string;
  #pending = 0;

  /** @param whose the calls are, for the one that is refused */
  constructor(most: number, whose: string) {
    this.#most = most;
    this.#whose = whose;
  }

  /** Takes another limit; calls under way keep their places. */
  configure(most: number): void {
    this.#most = most;
  }

  readonly layer: Layer = (inner) => async (call) => {
    if (this.#pending >= this.#most)
      return refused("overflow", `${this.#most} calls of ${this.#whose} wait for an answer already`);
    this.#pending++;
    try {
      return await inner(call);
    } finally {
      // Also after a bug: a call that was not counted off would take its place for ever.
      this.#pending--;
    }
  };
}

/** Of all calls that a sidecar makes. */
export const limitPending = (most: number): Layer => new PendingLimit(most, "this sidecar").layer;
