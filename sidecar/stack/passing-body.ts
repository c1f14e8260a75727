import type { Code } from "../../src/protocol/code.ts";
import type { Body, Framing, Sink } from "./body.ts";

/**
 * A body that is still coming in, on its way to its reader, who alone sets the pace. As it is, it changes nothing:
 * who looks at the chunks, or at the end, overrides what tells of them.
 */
export abstract class PassingBody implements Body, Sink {
  readonly framing: Framing;
  readonly first: Buffer;
  readonly complete = false;
  readonly trailers = "";
  readonly #source: Body;
  #sink: Sink | undefined;

  constructor(source: Body) {
    this.framing = source.framing;
    this.first = source.first;
    this.#source = source;
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
  }

  write(chunk: Buffer): boolean {
    return this.#sink!.write(chunk);
  }

  end(trailers: string): void {
    this.#sink!.end(trailers);
  }

  fail(code: Code): void {
    this.#sink!.fail(code);
  }
}
