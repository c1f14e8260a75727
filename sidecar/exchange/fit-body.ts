import type { Code } from "../../src/protocol/code.ts";
import type { Body, Framing, Sink } from "../stack/body.ts";

/**
 * A body whose first part fits into `room` bytes of one frame; the same body when it already does.
 * Trailers need a frame of their own, so a body that has them is never complete in the first.
 */
export function fitBody(body: Body, room: number): Body {
  const fits = body.first.length <= room && (!body.complete || body.trailers === "");
  return fits ? body : new SplitBody(body, Math.min(room, body.first.length));
}

class SplitBody implements Body {
  readonly framing: Framing;
  readonly first: Buffer;
  readonly complete = false;
  readonly trailers = "";
  readonly #whole: Body;

  constructor(whole: Body, room: number) {
    this.#whole = whole;
    this.framing = whole.framing;
    this.first = whole.first.subarray(0, room);
  }

  read(sink: Sink): void {
    const rest = this.#whole.first.subarray(this.first.length);
    if (rest.length > 0) sink.write(rest);
    if (this.#whole.complete) sink.end(this.#whole.trailers);
    else this.#whole.read(sink);
  }

  resume(): void {
    this.#whole.resume();
  }

  abandon(code: Code): void {
    this.#whole.abandon(code);
  }
}
