import type { Code } from "../../src/protocol/code.ts";
import type { Sink } from "../stack/body.ts";

/** `more` to hold the bytes back until others have come. */
export type FirstBytesVerdict = "pass" | "more" | "refuse";

/** Looks at the first bytes on their way to a sink, and lets nothing through before they are judged. */
export class CheckFirstBytes implements Sink {
  readonly #next: Sink;
  readonly #judge: (bytes: Buffer) => FirstBytesVerdict;
  readonly #refused: () => void;
  /** Undefined when they have been judged. */
  #held: Buffer | undefined = Buffer.alloc(0);

  constructor(next: Sink, judge: (bytes: Buffer) => FirstBytesVerdict, refused: () => void) {
    this.#next = next;
    this.#judge = judge;
    this.#refused = refused;
  }

  write(chunk: Buffer): boolean {
    if (this.#held === undefined) return this.#next.write(chunk);
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const verdict = this.#judge(bytes);
    this.#held = verdict === "more" ? bytes : undefined;
    if (verdict === "refuse") this.#refused();
    return verdict === "pass" ? this.#next.write(bytes) : true;
  }

  end(trailers: string): void {
    // What never became a whole greeting is no greeting.
    if (this.#held !== undefined && this.#held.length > 0) this.#refused();
    else this.#next.end(trailers);
  }

  fail(code: Code): void {
    this.#next.fail(code);
  }
}
