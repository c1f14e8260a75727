import type { Code } from "../../src/protocol/code.ts";
import { type Body, type Sink, wholeBody } from "../stack/body.ts";
import { KeptBytes } from "../stack/kept-bytes.ts";
import { PassingBody } from "../stack/passing-body.ts";
import { REPLAY_BYTES } from "./idempotent.ts";

/**
 * A body that is still coming in, kept as it passes so that it can be sent again. A reader that leaves it early does
 * not end it: an app may answer before it has read what it was sent. What is longer than `REPLAY_BYTES` is not kept.
 */
export class ReplayBody extends PassingBody {
  /** All of it, once it has come. */
  whole: Body | undefined;
  /** Told once, when it is whole, or never will be. */
  onSettled: (() => void) | undefined;
  #kept: KeptBytes | undefined = new KeptBytes(REPLAY_BYTES);
  #isRead = false;
  #isLeft = false;

  constructor(source: Body) {
    super(source);
    this.#keep(source.first);
  }

  /** It may become whole. */
  get isOpen(): boolean {
    return this.#kept !== undefined;
  }

  override read(sink: Sink): void {
    this.#isRead = true;
    super.read(sink);
  }

  override abandon(code: Code): void {
    if (!this.isOpen) super.abandon(code);
    else if (!this.#isLeft) {
      this.#isLeft = true;
      if (this.#isRead) this.resume();
      else super.read(NOBODY);
    }
  }

  /** Nobody will send it again: it is kept no longer, and ends here when its reader has left. */
  drop(): void {
    if (!this.isOpen) return;
    this.#kept = undefined;
    if (this.#isLeft) super.abandon("cancelled");
    this.onSettled?.();
  }

  override write(chunk: Buffer): boolean {
    this.#keep(chunk);
    return this.#isLeft ? this.isOpen : super.write(chunk);
  }

  override end(trailers: string): void {
    if (this.#kept !== undefined) this.whole = wholeBody(this.#kept.bytes, this.framing, trailers);
    this.#kept = undefined;
    if (!this.#isLeft) super.end(trailers);
    this.onSettled?.();
  }

  override fail(code: Code): void {
    this.#kept = undefined;
    if (!this.#isLeft) super.fail(code);
    this.onSettled?.();
  }

  #keep(chunk: Buffer): void {
    if (this.#kept?.keep(chunk) === false) this.drop();
  }
}

/** Reads on for a reader who has left: nothing is handed to it. */
const NOBODY: Sink = { write: () => true, end() {}, fail() {} };
