import type { Code } from "../../src/protocol/code.ts";
import { type Body, type Framing, type Sink, wholeBody } from "./body.ts";

/** Makes of header lines those that may go on. */
export type Clean = (lines: string) => string;

/**
 * The body with its trailers cleaned: what is taken from a head must not come in behind it, as some apps merge both
 * (RFC 9110 §6.5.1). A body that is here whole and has none stays as it is.
 */
export function cleanTrailers(body: Body, clean: Clean): Body {
  if (!body.complete) return new CleanedBody(body, clean);
  return body.trailers === "" ? body : wholeBody(body.first, body.framing, clean(body.trailers));
}

class CleanedBody implements Body, Sink {
  readonly framing: Framing;
  readonly first: Buffer;
  readonly complete = false;
  readonly trailers = "";
  readonly #body: Body;
  readonly #clean: Clean;
  #sink: Sink | undefined;

  constructor(body: Body, clean: Clean) {
    this.framing = body.framing;
    this.first = body.first;
    this.#body = body;
    this.#clean = clean;
  }

  read(sink: Sink): void {
    this.#sink = sink;
    this.#body.read(this);
  }

  resume(): void {
    this.#body.resume();
  }

  abandon(code: Code): void {
    this.#body.abandon(code);
  }

  write(chunk: Buffer): boolean {
    return this.#sink!.write(chunk);
  }

  end(trailers: string): void {
    this.#sink!.end(trailers === "" ? "" : this.#clean(trailers));
  }

  fail(code: Code): void {
    this.#sink!.fail(code);
  }
}
