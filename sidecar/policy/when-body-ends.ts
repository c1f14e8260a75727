import type { Code } from "../../src/protocol/code.ts";
import type { Body, Framing, Sink } from "../stack/body.ts";
import type { Replied } from "../stack/outcome.ts";

/** Calls `done` once, when the body of an answer has come to its end, broke off, or is not wanted any more. */
export function whenBodyEnds(reply: Replied, done: () => void): Replied {
  if (!reply.body.complete) return { ...reply, body: new WatchedBody(reply.body, done) };
  done();
  return reply;
}

class WatchedBody implements Body, Sink {
  readonly framing: Framing;
  readonly first: Buffer;
  readonly complete = false;
  readonly trailers = "";
  readonly #watched: Body;
  #sink: Sink | undefined;
  #done: (() => void) | undefined;

  constructor(watched: Body, done: () => void) {
    this.framing = watched.framing;
    this.first = watched.first;
    this.#watched = watched;
    this.#done = done;
  }

  read(sink: Sink): void {
    this.#sink = sink;
    this.#watched.read(this);
  }

  resume(): void {
    this.#watched.resume();
  }

  abandon(code: Code): void {
    this.#watched.abandon(code);
    this.#over();
  }

  write(chunk: Buffer): boolean {
    return this.#sink!.write(chunk);
  }

  end(trailers: string): void {
    this.#over();
    this.#sink!.end(trailers);
  }

  fail(code: Code): void {
    this.#over();
    this.#sink!.fail(code);
  }

  #over(): void {
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }
}
