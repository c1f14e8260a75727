import type { Layer } from "../stack/call.ts";
import { type Outcome, type Refused, refused } from "../stack/outcome.ts";
import { begun } from "../stack/stack.ts";

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

  /** Calls that wait for an answer now. */
  get count(): number {
    return this.#pending;
  }

  readonly layer: Layer = (inner) => (call) => {
    if (this.#pending >= this.#most) return Promise.resolve(this.#overflow());
    this.#pending++;
    return begun(inner, call).then(this.#ended, this.#broke);
  };

  readonly #ended = (outcome: Outcome): Outcome => {
    this.#pending--;
    return outcome;
  };

  /** Also after a bug: a call that was not counted off would take its place for ever. */
  readonly #broke = (bug: unknown): never => {
    this.#pending--;
    throw bug;
  };

  #overflow(): Refused {
    return refused("overflow", `${this.#most} calls of ${this.#whose} wait for an answer already`);
  }
}

/** Of all calls that a sidecar makes. */
export const limitPending = (most: number): Layer => new PendingLimit(most, "this sidecar").layer;
