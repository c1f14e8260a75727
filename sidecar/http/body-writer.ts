import type { Socket } from "node:net";
import type { Code } from "../../src/protocol/code.ts";
import type { Body, Sink } from "../stack/body.ts";
import { checkTrailers, chunkHead, lastChunk } from "./chunked.ts";
import { BY_CHUNKS, BY_CLOSE, type Extent } from "./incoming-body.ts";

/** Up to this size one string is cheaper than two buffers and a `writev`. */
const SMALL_BYTES = 4096;

/** Whoever is told how the writing ended. */
export interface WriterOwner {
  /**
   * @param problem undefined when all is written; else the peer must not take what it got for a whole message:
   *   the connection has to be destroyed
   */
  wrote(problem: Code | undefined): void;
}

/**
 * Writes a head and what is here of its body, in one go.
 * @param head with its empty line
 * @returns false when the body does not have the length that its head says: then nothing was written
 */
export function writeMessage(socket: Socket, head: string, body: Body, extent: Extent): boolean {
  const { first } = body;
  const length = first.length;
  if (extent >= 0 && (body.complete ? length !== extent : length > extent)) return false;
  let before = head;
  let after = "";
  if (extent === BY_CHUNKS) {
    if (length > 0) {
      before += chunkHead(length);
      after = "\r\n";
    }
    if (body.complete) after += lastChunk(checkTrailers(body.trailers) ?? "");
  }
  if (length <= SMALL_BYTES) socket.write(before + first.toString("latin1") + after, "latin1");
  else writeAll(socket, before, first, after);
  return true;
}

function writeAll(socket: Socket, before: string, bytes: Buffer, after: string): void {
  socket.cork();
  if (before !== "") socket.write(before, "latin1");
  socket.write(bytes);
  if (after !== "") socket.write(after, "latin1");
  socket.uncork();
}

/** Writes the rest of a body to a socket as it comes, and holds its source back while the peer is slow. */
export class BodyWriter implements Sink {
  ended = false;
  readonly #socket: Socket;
  readonly #body: Body;
  readonly #owner: WriterOwner;
  readonly #extent: Extent;
  #left: number;

  /** What is here of the body has been written by `writeMessage`. */
  constructor(socket: Socket, body: Body, extent: Extent, owner: WriterOwner) {
    this.#socket = socket;
    this.#body = body;
    this.#extent = extent;
    this.#owner = owner;
    this.#left = extent < 0 ? Number.POSITIVE_INFINITY : extent - body.first.length;
  }

  write(chunk: Buffer): boolean {
    const { length } = chunk;
    if (this.ended || length === 0) return true;
    if (length > this.#left) {
      this.#body.abandon("broken-stream");
      this.fail("broken-stream");
      return true;
    }
    this.#left -= length;
    const socket = this.#socket;
    if (this.#extent !== BY_CHUNKS) socket.write(chunk);
    else if (length <= SMALL_BYTES)
      socket.write(`${chunkHead(length)}${chunk.toString("latin1")}\r\n`, "latin1");
    else writeAll(socket, chunkHead(length), chunk, "\r\n");
    return !socket.writableNeedDrain;
  }

  end(trailers: string): void {
    if (this.ended) return;
    const short = this.#extent >= 0 && this.#left > 0;
    this.ended = true;
    if (this.#extent === BY_CHUNKS) this.#socket.write(lastChunk(checkTrailers(trailers) ?? ""), "latin1");
    else if (this.#extent === BY_CLOSE) this.#socket.end();
    this.#owner.wrote(short ? "broken-stream" : undefined);
  }

  fail(code: Code): void {
    if (this.ended) return;
    this.ended = true;
    this.#owner.wrote(code);
  }

  /** The socket takes more. */
  drained(): void {
    if (!this.ended) this.#body.resume();
  }

  /** The socket is gone. */
  stop(code: Code): void {
    if (this.ended) return;
    this.ended = true;
    this.#body.abandon(code);
  }
}
