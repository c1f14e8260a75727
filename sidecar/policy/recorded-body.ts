import type { Code } from "../../src/protocol/code.ts";
import { type Body, type Framing, type Sink, wholeBody } from "../stack/body.ts";

/** Longer bodies are not kept: many calls may be recorded at a time. */
export const RECORD_BYTES = 64 * 1024;

/**
 * A body that is still coming in, of which a copy is kept as it passes to its reader. The reader alone sets the pace:
 * nothing is read for the record, and nothing waits for it.
 */
export class RecordedBody implements Body, Sink {
  readonly framing: Framing;
  readonly first: Buffer;
  readonly complete = false;
  readonly trailers = "";
  readonly #source: Body;
  #sink: Sink | undefined;
  /** The record is the first `#length` bytes of it. */
  #kept: Buffer;
  #length = 0;
  #recorded: ((whole: Body | undefined) => void) | undefined;

  /**
   * @param recorded called once: with the whole body when it has passed to its end, or with undefined when it is
   * longer than `RECORD_BYTES`, broke off, or was not wanted to its end
   */
  constructor(source: Body, recorded: (whole: Body | undefined) => void) {
    this.framing = source.framing;
    this.first = source.first;
    this.#source = source;
    this.#recorded = recorded;
    this.#kept = EMPTY;
    this.#keep(source.first);
  }

  read(sink: Sink): void {
    this.#sink = sink;
    this.#source.read(this);
  }

  resume(): void {
    this.#source.resume();
  }

  abandon(code: Code): void {
    this.#source.abandon(code);
    this.giveUp();
  }

  write(chunk: Buffer): boolean {
    if (this.#recorded !== undefined) this.#keep(chunk);
    return this.#sink!.write(chunk);
  }

  end(trailers: string): void {
    // Taken first: whatever the reader does at the end, the body has come in full.
    const recorded = this.#recorded;
    this.#recorded = undefined;
    this.#sink!.end(trailers);
    recorded?.(wholeBody(this.#kept.subarray(0, this.#length), this.framing, trailers));
  }

  fail(code: Code): void {
    this.#sink!.fail(code);
    this.giveUp();
  }

  /** Ends the record, but not the body. Does nothing when the record has ended. */
  giveUp(): void {
    const recorded = this.#recorded;
    this.#recorded = undefined;
    this.#kept = EMPTY;
    recorded?.(undefined);
  }

  /** Copied, because whoever sends few bytes at a time would else cost a buffer for each of them. */
  #keep(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > RECORD_BYTES) {
      this.giveUp();
      return;
    }
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.min(RECORD_BYTES, Math.max(length, 2 * this.#kept.length)));
      this.#kept.copy(larger, 0, 0, this.#length);
      this.#kept = larger;
    }
    chunk.copy(this.#kept, this.#length);
    this.#length = length;
  }
}

const EMPTY = Buffer.alloc(0);
