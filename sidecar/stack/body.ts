import type { Code } from "../../src/protocol/code.ts";

/**
 * How the length of a body is told: not at all because there is none, by `content-length` (which stays in the header
 * block), or by its end (`chunked` on an HTTP/1.1 connection).
 */
export type Framing = "none" | "length" | "until-end";

/** Takes the rest of a body. After `end` or `fail` nothing more comes. */
export interface Sink {
  /** Takes one chunk, which is the sink's to keep. False asks the source to pause until `Body.resume`. */
  write(chunk: Buffer): boolean;
  /** @param trailers header lines, each ended by CR LF; empty for none */
  end(trailers: string): void;
  fail(code: Code): void;
}

/** The bytes of a request or a response, read by one reader. Most are complete from the start: the fast path. */
export interface Body {
  readonly framing: Framing;
  /** What is here already; all of it when `complete`. */
  readonly first: Buffer;
  readonly complete: boolean;
  /** Final when `complete`; else they come with `Sink.end`. */
  readonly trailers: string;
  /** Hands everything after `first` to `sink`, at once or later. Called at most once, and only when not complete. */
  read(sink: Sink): void;
  /** The sink that paused takes more now. */
  resume(): void;
  /** The reader wants no more: the source stops and lets go of what it holds. Idempotent; harmless when complete. */
  abandon(code: Code): void;
}

const EMPTY = Buffer.alloc(0);

class WholeBody implements Body {
  readonly framing: Framing;
  readonly first: Buffer;
  readonly trailers: string;
  readonly complete = true;

  constructor(first: Buffer, framing: Framing, trailers: string) {
    this.framing = framing;
    this.first = first;
    this.trailers = trailers;
  }

  read(): void {}
  resume(): void {}
  abandon(): void {}
}

/** A body that is whole from the start. */
export const wholeBody = (first: Buffer = EMPTY, framing: Framing = "length", trailers = ""): Body =>
  new WholeBody(first, framing, trailers);

export const NO_BODY: Body = wholeBody(EMPTY, "none");
