import type { Code } from "../../src/protocol/code.ts";
import { type Data, type End, Flag, Kind } from "../../src/protocol/frame.ts";
import type { Body, Framing, Sink } from "../stack/body.ts";
import { bufferDied } from "./dead-buffers.ts";
import { WINDOW_BYTES } from "./limits.ts";

interface Peer {
  /** Tells the sender how many bytes in all it may send. */
  credit(limit: number): void;
  /** The reader wants no more of it. */
  abandoned(code: Code): void;
  /** All of it has been handed to the reader. */
  ended(): void;
}

/** A body that comes in DATA frames. The sender gets credit as the reader takes: a reader that stops, stops the writer. */
export class Inflow implements Body {
  readonly framing: Framing;
  readonly first: Buffer;
  readonly complete = false;
  readonly trailers = "";
  readonly #peer: Peer;
  #sink: Sink | undefined;
  /** Frames that came before there was a reader, or while it paused. */
  #waiting: (Data | End)[] = [];
  #paused = false;
  #received = 0;
  #taken = 0;
  #granted: number;
  #over: Code | "ended" | undefined;

  /** @param granted body bytes that the sender may send before the first credit */
  constructor(framing: Framing, first: Buffer, granted: number, peer: Peer) {
    this.framing = framing;
    this.first = first;
    this.#granted = granted;
    this.#peer = peer;
  }

  /**
   * Takes the next frame in order.
   * @returns false when the sender went beyond its credit
   */
  take(frame: Data | End): boolean {
    if (this.#over !== undefined) return true;
    if (frame.kind === Kind.data) {
      this.#received += frame.body.length;
      if (this.#received > this.#granted) return false;
      bufferDied(frame.body.length);
    }
    if (this.#sink === undefined || this.#paused) this.#waiting.push(frame);
    else this.#hand(frame, this.#sink);
    return true;
  }

  /** Ends the body with a failure, after which nothing more is handed on. */
  fail(code: Code): void {
    if (this.#over !== undefined) return;
    this.#over = code;
    this.#waiting = [];
    this.#sink?.fail(code);
  }

  read(sink: Sink): void {
    this.#sink = sink;
    if (this.#over !== undefined && this.#over !== "ended") sink.fail(this.#over);
    else this.#handWaiting();
    this.#giveCredit();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#handWaiting();
    this.#giveCredit();
  }

  abandon(code: Code): void {
    if (this.#over !== undefined) return;
    this.#over = code;
    this.#waiting = [];
    this.#peer.abandoned(code);
  }

  #handWaiting(): void {
    while (this.#waiting.length > 0 && !this.#paused && this.#over === undefined)
      this.#hand(this.#waiting.shift()!, this.#sink!);
  }

  #hand(frame: Data | End, sink: Sink): void {
    if (frame.kind === Kind.end) {
      this.#end(sink, frame.trailers);
      return;
    }
    this.#taken += frame.body.length;
    if (frame.body.length > 0 && !sink.write(frame.body)) this.#paused = true;
    if ((frame.flags & Flag.last) !== 0) this.#end(sink, "");
    else this.#giveCredit();
  }

  #end(sink: Sink, trailers: string): void {
    this.#over = "ended";
    sink.end(trailers);
    this.#peer.ended();
  }

  /** In halves of a window, so that a stream costs one credit for every few frames. */
  #giveCredit(): void {
    if (this.#paused || this.#over !== undefined || this.#sink === undefined) return;
    const limit = this.#taken + WINDOW_BYTES;
    if (limit - this.#granted < WINDOW_BYTES / 2) return;
    this.#granted = limit;
    this.#peer.credit(limit);
  }
}
