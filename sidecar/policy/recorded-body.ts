import type { Code } from "../../src/protocol/code.ts";
import { type Body, wholeBody } from "../stack/body.ts";
import { KeptBytes } from "../stack/kept-bytes.ts";
import { PassingBody } from "../stack/passing-body.ts";

/** Longer bodies are not kept: many calls may be recorded at a time. */
export const RECORD_BYTES = 64 * 1024;

/**
 * A body that is still coming in, of which a copy is kept as it passes to its reader: nothing is read for the record,
 * and nothing waits for it.
 */
export class RecordedBody extends PassingBody {
  readonly #kept = new KeptBytes(RECORD_BYTES);
  #recorded: ((whole: Body | undefined) => void) | undefined;

  /**
   * @param recorded called once: with the whole body when it has passed to its end, or with undefined when it is
   * longer than `RECORD_BYTES`, broke off, or was not wanted to its end
   */
  constructor(source: Body, recorded: (whole: Body | undefined) => void) {
    super(source);
    this.#recorded = recorded;
    this.#keep(source.first);
  }

  override abandon(code: Code): void {
    super.abandon(code);
    this.giveUp();
  }

  override write(chunk: Buffer): boolean {
    if (this.#recorded !== undefined) this.#keep(chunk);
    return super.write(chunk);
  }

  override end(trailers: string): void {
    // Taken first: whatever the reader does at the end, the body has come in full.
    const recorded = this.#recorded;
    this.#recorded = undefined;
    super.end(trailers);
    recorded?.(wholeBody(this.#kept.bytes, this.framing, trailers));
  }

  override fail(code: Code): void {
    super.fail(code);
    this.giveUp();
  }

  /** Ends the record, but not the body. Does nothing when the record has ended. */
  giveUp(): void {
    const recorded = this.#recorded;
    this.#recorded = undefined;
    this.#kept.drop();
    recorded?.(undefined);
  }

  #keep(chunk: Buffer): void {
    if (!this.#kept.keep(chunk)) this.giveUp();
  }
}
