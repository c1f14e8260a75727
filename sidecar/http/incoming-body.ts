import type { Code } from "../../src/protocol/code.ts";
import type { Body, Framing, Sink } from "../stack/body.ts";
import { ChunkedDecoder } from "./chunked.ts";

/** The connection that a body comes from. */
export interface BodySource {
  /** The reader has enough for now. */
  pauseBody(): void;
  resumeBody(): void;
  /** The reader wants no more, or the bytes were malformed: nothing more is fed. */
  dropBody(body: IncomingBody, code: Code): void;
}

/** Up to this length a body is waited for a moment, so that it travels as one message. */
export const GATHER_BYTES = 128 * 1024;
/** How long that moment is. */
export const GATHER_MS = 10;

const EMPTY = Buffer.alloc(0);

/** How the end of a body is known: after so many bytes (any number ≥ 0), by chunks, or when the connection ends. */
export type Extent = number;
export const BY_CHUNKS: Extent = -1;
export const BY_CLOSE: Extent = -2;

/**
 * A body on its way from a socket. The connection feeds it. First it gathers; `hand` ends that: from then on `first`
 * stands, and the rest goes to the sink. Until there is a sink, one piece is held and the connection is paused.
 */
export class IncomingBody implements Body {
  readonly framing: Framing;
  first: Buffer = EMPTY;
  complete = false;
  trailers = "";
  /** All of it came off the wire, or nothing more will. */
  arrived = false;
  /** Why it is malformed. */
  problem: string | undefined;
  /** More has come than is taken. */
  tooLarge = false;
  readonly #source: BodySource;
  /** The memory of `bytes` in `feed` is used again by the connection. */
  readonly #shared: boolean;
  readonly #decoder: ChunkedDecoder | undefined;
  #left: number;
  /** Memory for all of a body of known length. */
  #whole: Buffer | undefined;
  #filled = 0;
  #pieces: Buffer[] = [];
  #handed = false;
  #sink: Sink | undefined;
  #failed: Code | undefined;

  /** @param most bytes that come by chunks; what is longer is `tooLarge` */
  constructor(
    framing: Framing,
    extent: Extent,
    source: BodySource,
    shared: boolean,
    most = Number.POSITIVE_INFINITY,
  ) {
    this.framing = framing;
    this.#source = source;
    this.#shared = shared;
    this.#decoder = extent === BY_CHUNKS ? new ChunkedDecoder() : undefined;
    this.#left = extent >= 0 ? extent : extent === BY_CHUNKS ? most : Number.POSITIVE_INFINITY;
    if (extent >= 0 && extent <= GATHER_BYTES) this.#whole = Buffer.allocUnsafe(extent);
  }

  /** Takes what belongs to the body; gives back where it stopped. */
  feed(bytes: Buffer, from: number, to: number): number {
    if (this.arrived) return from;
    if (this.#decoder !== undefined) {
      const piece = this.#decoder.decode(bytes, from, to);
      this.#left -= piece.length;
      if (this.#left < 0) {
        this.tooLarge = true;
        return to;
      }
      if (piece.length > 0) this.#take(piece);
      if (this.#decoder.problem !== undefined) {
        this.problem = this.#decoder.problem;
        return to;
      }
      if (this.#decoder.done) this.#finish(this.#decoder.trailers);
      return this.#decoder.position;
    }
    const end = Math.min(to, from + this.#left);
    this.#left -= end - from;
    if (this.#whole !== undefined && !this.#handed)
      this.#filled += bytes.copy(this.#whole, this.#filled, from, end);
    else if (end > from) this.#take(this.#shared ? copyOf(bytes, from, end) : bytes.subarray(from, end));
    if (this.#left === 0) this.#finish("");
    return end;
  }

  /** The connection was ended in order: that is the end of the body, or a loss. */
  eof(code: Code): void {
    if (this.#left === Number.POSITIVE_INFINITY && this.#decoder === undefined) this.#finish("");
    else this.fail(code);
  }

  /** Nothing more will come. */
  fail(code: Code): void {
    if (this.arrived) return;
    this.arrived = true;
    this.#failed = code;
    this.#sink?.fail(code);
  }

  /** Ends the gathering: what is here is `first`. */
  hand(): void {
    this.#handed = true;
    if (this.#whole !== undefined) {
      this.first = this.#filled === this.#whole.length ? this.#whole : this.#whole.subarray(0, this.#filled);
      this.#whole = undefined;
    } else {
      this.first = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
      this.#pieces = [];
    }
    this.complete = this.arrived && this.#failed === undefined;
  }

  read(sink: Sink): void {
    this.#sink = sink;
    const pieces = this.#pieces;
    this.#pieces = [];
    let more = true;
    for (const piece of pieces) more = sink.write(piece);
    if (this.#failed !== undefined) sink.fail(this.#failed);
    else if (this.arrived) sink.end(this.trailers);
    else if (more && pieces.length > 0) this.#source.resumeBody();
  }

  resume(): void {
    if (!this.arrived) this.#source.resumeBody();
  }

  abandon(code: Code): void {
    if (this.complete || this.#sink === NOBODY) return;
    this.#sink = NOBODY;
    this.#pieces = [];
    if (this.arrived) return;
    this.arrived = true;
    this.#source.dropBody(this, code);
  }

  #take(piece: Buffer): void {
    if (this.#sink !== undefined) {
      if (!this.#sink.write(piece) && !this.arrived) this.#source.pauseBody();
    } else {
      this.#pieces.push(piece);
      if (this.#handed) this.#source.pauseBody();
    }
  }

  #finish(trailers: string): void {
    if (this.arrived) return;
    this.arrived = true;
    this.trailers = trailers;
    this.#sink?.end(trailers);
  }
}

const NOBODY: Sink = { write: () => true, end() {}, fail() {} };

function copyOf(bytes: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from);
  bytes.copy(copy, 0, from, to);
  return copy;
}
