import { Kind, type Sequenced } from "../../src/protocol/frame.ts";

/**
 * Held back while an earlier frame is missing; more than this is no disorder but loss, or malice. Frames of small
 * messages come by the thousand in the moment in which a connection is replaced.
 */
const MOST_HELD = 4096;
/** An honest sender has less than that under way: a head with its first body bytes, and a window. */
const MOST_HELD_BYTES = 1024 * 1024;

/** Whoever reads the frames. Not a function: it would be made anew for each call. */
export interface Receiver {
  inOrder(frame: Sequenced): void;
}

/**
 * Puts the frames of one direction back into order. Frames of one sender keep their order on one connection; they can
 * come twice or out of order only while a connection is being replaced.
 */
export class Sequencer {
  #next = 0;
  #held: Map<number, Sequenced> | undefined;
  #heldBytes = 0;

  /** True while a frame is missing. */
  get waiting(): boolean {
    return this.#held !== undefined && this.#held.size > 0;
  }

  /**
   * Hands `frame`, and those that it was blocking, to `receiver` in order; drops what came before.
   * @returns false when too much is missing to go on
   */
  take(frame: Sequenced, receiver: Receiver): boolean {
    if (frame.sequence < this.#next) return true;
    if (frame.sequence > this.#next) return this.#hold(frame);
    this.#next++;
    receiver.inOrder(frame);
    if (this.#held === undefined) return true;
    for (let ready = this.#held.get(this.#next); ready !== undefined; ready = this.#held.get(this.#next)) {
      this.#held.delete(this.#next++);
      this.#heldBytes -= bytesOf(ready);
      receiver.inOrder(ready);
    }
    return true;
  }

  #hold(frame: Sequenced): boolean {
    this.#held ??= new Map();
    if (this.#held.has(frame.sequence)) return true;
    this.#held.set(frame.sequence, frame);
    this.#heldBytes += bytesOf(frame);
    return this.#held.size <= MOST_HELD && this.#heldBytes <= MOST_HELD_BYTES;
  }
}

const bytesOf = (frame: Sequenced): number =>
  frame.kind === Kind.end ? frame.trailers.length : frame.body.length;
