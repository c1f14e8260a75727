import type { Code } from "../../src/protocol/code.ts";
import type { Body } from "../stack/body.ts";
import type { Replied } from "../stack/outcome.ts";
import { PassingBody } from "../stack/passing-body.ts";

/** Calls `done` once, when the body of an answer has come to its end, broke off, or is not wanted any more. */
export function whenBodyEnds(reply: Replied, done: () => void): Replied {
  if (!reply.body.complete) return { ...reply, body: new WatchedBody(reply.body, done) };
  done();
  return reply;
}

class WatchedBody extends PassingBody {
  #done: (() => void) | undefined;

  constructor(watched: Body, done: () => void) {
    super(watched);
    this.#done = done;
  }

  override abandon(code: Code): void {
    super.abandon(code);
    this.#over();
  }

  override end(trailers: string): void {
    this.#over();
    super.end(trailers);
  }

  override fail(code: Code): void {
    this.#over();
    super.fail(code);
  }

  #over(): void {
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }
}
