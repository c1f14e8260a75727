import type { Code } from "../../src/protocol/code.ts";
import { encodeData, encodeEnd } from "../../src/protocol/encode.ts";
import type { Body, Sink } from "../stack/body.ts";
import { bufferDied } from "./dead-buffers.ts";

interface Peer {
  /** Sends one frame towards the reader of the body. */
  send(frame: Buffer): void;
  /** The body has been sent to its end, or its source failed. Called once. */
  sent(problem: Code | undefined): void;
  /** Largest body part of one frame. */
  chunkBytes(): number;
}

/** Sends what follows OPEN or HEAD: DATA frames as far as the reader's credit goes, then END. */
export class Outflow implements Sink {
  readonly #body: Body;
  readonly #peer: Peer;
  #sequence: number;
  #limit: number;
  #sent = 0;
  #waiting: Buffer[] = [];
  #trailers: string | undefined;
  #finished = false;

  /** @param sequence of the first frame; `limit`: body bytes that may be sent before the first credit */
  constructor(body: Body, peer: Peer, sequence: number, limit: number) {
    this.#body = body;
    this.#peer = peer;
    this.#sequence = sequence;
    this.#limit = limit;
    body.read(this);
  }

  /** The reader takes `limit` bytes in all. An older, smaller limit that arrives late changes nothing. */
  grant(limit: number): void {
    if (limit <= this.#limit || this.#finished) return;
    this.#limit = limit;
    const blocked = this.#waiting;
    this.#waiting = [];
    for (const chunk of blocked) this.#pass(chunk);
    if (this.#waiting.length > 0) return;
    if (this.#trailers !== undefined) this.#finish(this.#trailers);
    else this.#body.resume();
  }

  /** The reader wants no more. */
  stop(code: Code): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#waiting = [];
    this.#body.abandon(code);
  }

  write(chunk: Buffer): boolean {
    if (this.#finished) return false;
    this.#pass(chunk);
    return this.#waiting.length === 0 && this.#sent < this.#limit;
  }

  end(trailers: string): void {
    if (this.#waiting.length > 0) this.#trailers = trailers;
    else this.#finish(trailers);
  }

  fail(code: Code): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#waiting = [];
    this.#peer.sent(code);
  }

  #pass(chunk: Buffer): void {
    if (this.#waiting.length > 0) {
      this.#waiting.push(chunk);
      return;
    }
    const chunkBytes = this.#peer.chunkBytes();
    let at = 0;
    while (at < chunk.length && this.#sent < this.#limit) {
      const part = chunk.subarray(at, at + Math.min(chunkBytes, this.#limit - this.#sent));
      this.#peer.send(encodeData(0, this.#sequence++, part));
      this.#sent += part.length;
      bufferDied(part.length);
      at += part.length;
    }
    if (at < chunk.length) this.#waiting.push(chunk.subarray(at));
  }

  #finish(trailers: string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#peer.send(encodeEnd(this.#sequence++, trailers));
    this.#peer.sent(undefined);
  }
}
