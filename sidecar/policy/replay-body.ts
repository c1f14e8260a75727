import type { Code } from "../../src/protocol/code.ts";
import { type Body, type Framing, type Sink, wholeBody } from "../stack/body.ts";
import { REPLAY_BYTES } from "./idempotent.ts";

/**
 * A body that is still coming in, kept as it passes so that it can be sent again. A reader that leaves it early does
 * not end it: an app may answer before it has read what it was sent. What is longer than `REPLAY_BYTES` is not kept.
 */
export class ReplayBody implements Body, Sink {
  readonly framing: Framing;
  readonly first: Buffer;
  readonly complete = false;
  readonly trailers = "";
  /** All of it, once it has come. */
  whole: Body | undefined;
  /** Told once, when it is whole, or never will be. */
  onSettled: (() => void) | undefined;
  readonly #source: Body;
  #sink: Sink | undefined;
  #isRead = false;
  #isLeft = false;
  #kept: Buffer[] | undefined = [];
  #length = 0;

  constructor(source: Body) {
    this.#source = source;
    this.framing = source.framing;
    this.first = source.first;
    this.#keep(source.first);
  }

  /** It may become whole. */
  get isOpen(): boolean {
    return this.#kept !== undefined && this.whole === undefined;
  }

  read(sink: Sink): void {
    this.#sink = sink;
    this.#isRead = true;
    this.#source.read(this);
  }

  resume(): void {
    this.#source.resume();
  }

  abandon(code: Code): void {
    if (!this.isOpen) this.#source.abandon(code);
    else if (!this.#isLeft) {
      this.#isLeft = true;
      this.#sink = undefined;
      if (this.#isRead) this.#source.resume();
      else this.#source.read(this);
    }
  }

  /** Nobody will send it again: it is kept no longer, and ends here when its reader has left. */
  drop(): void {
    if (!this.isOpen) return;
    this.#kept = undefined;
    if (this.#isLeft) this.#source.abandon("cancelled");
    this.onSettled?.();
  }

  write(chunk: Buffer): boolean {
    this.#keep(chunk);
    return this.#sink === undefined ? this.isOpen : this.#sink.write(chunk);
  }

  end(trailers: string): void {
    if (this.#kept !== undefined) this.whole = wholeBody(Buffer.concat(this.#kept), this.framing, trailers);
    this.#kept = undefined;
    this.#sink?.end(trailers);
    this.onSettled?.();
  }

  fail(code: Code): void {
    this.#kept = undefined;
    this.#sink?.fail(code);
    this.onSettled?.();
  }

  /** Copied: a chunk is its reader's to keep. */
  #keep(chunk: Buffer): void {
    if (this.#kept === undefined) return;
    this.#length += chunk.length;
    if (this.#length > REPLAY_BYTES) this.drop();
    else this.#kept.push(Buffer.from(chunk));
  }
}
