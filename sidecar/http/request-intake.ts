import type { Socket } from "node:net";
import type { Code } from "../../src/protocol/code.ts";
import { type Body, NO_BODY, wholeBody } from "../stack/body.ts";
import {
  type BodySource,
  BY_CHUNKS,
  BY_CLOSE,
  GATHER_BYTES,
  GATHER_MS,
  IncomingBody,
} from "./incoming-body.ts";
import {
  bytesBefore,
  type HeadLimits,
  type HeadProblem,
  parseRequestHead,
  type RequestHead,
  requestHeadText,
} from "./request-head.ts";

export interface RequestLimits extends HeadLimits {
  /** Of a body; 413 above it. None when it is left out. */
  readonly bodyBytes?: number;
}

/** Whoever answers the requests of a connection. */
export interface IntakeOwner {
  /** A request, whole or with its body still coming. The next one waits for `RequestIntake.next`. */
  onRequest(head: RequestHead, body: Body): void;
  /** What came is no request; nothing more is read. */
  onProblem(problem: HeadProblem): void;
  /** Asks for a call of `RequestIntake.due` after that time. */
  wakeIn(ms: number): void;
}

/** Waits for a head, or reads it. */
const HEAD = 0;
/** Has a head, and waits a moment for its body. */
const GATHERING = 1;
/** The request was handed on; the rest of its body may still come. */
const HANDED = 2;
const TUNNEL = 3;
/** Whatever comes now is dropped. */
const CLOSED = 4;

/** Of requests that came before their turn (pipelining). */
const MAX_HELD_BYTES = 64 * 1024;
/** Of what is dropped, before the client is thrown out. */
const MAX_DROPPED_BYTES = 1024 * 1024;

const HEAD_TIMEOUT: HeadProblem = {
  kind: "problem",
  code: "request-timeout",
  message: "the request head did not arrive in time",
};

/** Makes requests out of the bytes of one connection, one at a time. */
export class RequestIntake implements BodySource {
  readonly #socket: Socket;
  readonly #owner: IntakeOwner;
  readonly #limits: RequestLimits;
  readonly #headTimeoutMs: number;
  #state = HEAD;
  /** Bytes that nobody has looked at yet. */
  #held: Buffer | undefined;
  #headBegun = false;
  #running = false;
  #head: RequestHead | undefined;
  #incoming: IncomingBody | undefined;
  #cut = false;
  #droppedBytes = 0;

  constructor(socket: Socket, owner: IntakeOwner, limits: RequestLimits, headTimeoutMs: number) {
    this.#socket = socket;
    this.#owner = owner;
    this.#limits = limits;
    this.#headTimeoutMs = headTimeoutMs;
  }

  /** Nobody has asked for anything: the connection may be closed without harm. */
  get resting(): boolean {
    return this.#state === HEAD;
  }

  /** The body of the present request was not read to its end: what follows has no meaning. */
  get unfinished(): boolean {
    return this.#cut || (this.#incoming !== undefined && !this.#incoming.arrived);
  }

  /** The client is expected to send the rest of a body, and nobody holds it back. */
  get awaitsBody(): boolean {
    return this.#incoming !== undefined && !this.#socket.isPaused();
  }

  take(bytes: Buffer): void {
    if (this.#incoming !== undefined) this.#feed(this.#incoming, bytes);
    else if (this.#state === CLOSED) {
      this.#droppedBytes += bytes.length;
      if (this.#droppedBytes > MAX_DROPPED_BYTES) this.#socket.destroy();
    } else {
      this.#hold(bytes);
      this.run();
    }
  }

  #hold(bytes: Buffer): void {
    this.#held = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    if (this.#held.length > MAX_HELD_BYTES && (this.#state !== HEAD || this.#socket.writableNeedDrain))
      this.#socket.pause();
  }

  /**
   * Takes requests from what is held: a loop, because answers may be given at once. While the client does not read
   * its answers, no more of its requests are taken.
   */
  run(): void {
    if (this.#running) return;
    this.#running = true;
    while (this.#state === HEAD && this.#held !== undefined && !this.#socket.writableNeedDrain)
      if (!this.#readHead(this.#held)) break;
    this.#running = false;
  }

  /** False when more bytes are needed, or no more are wanted. */
  #readHead(held: Buffer): boolean {
    const text = requestHeadText(held, this.#limits);
    if (text === undefined) {
      if (!this.#headBegun) this.#owner.wakeIn(this.#headTimeoutMs);
      this.#headBegun = true;
      return false;
    }
    const head = typeof text === "string" ? parseRequestHead(text, this.#limits) : text;
    if (head.kind === "problem") {
      this.#owner.onProblem(head);
      return false;
    }
    this.#headBegun = false;
    this.#begin(head, held, bytesBefore(held) + (text as string).length);
    return true;
  }

  /** Takes what is here of the body, and hands the request on: now, or when a moment has brought the rest. */
  #begin(head: RequestHead, held: Buffer, bodyAt: number): void {
    const { contentLength, framing } = head;
    this.#state = GATHERING;
    this.#held = undefined;
    this.#head = head;
    this.#cut = false;
    let body: Body = NO_BODY;
    let rest = bodyAt;
    if (framing === "length" && contentLength > (this.#limits.bodyBytes ?? Number.POSITIVE_INFINITY)) {
      this.#owner.onProblem(bodyTooLarge(this.#limits.bodyBytes!));
      return;
    }
    if (asksForTunnel(head)) {
      const tunnel = new IncomingBody(framing, BY_CLOSE, this, false);
      tunnel.hand();
      body = tunnel;
    } else if (framing === "length" && bodyAt + contentLength <= held.length) {
      rest = bodyAt + contentLength;
      body = wholeBody(held.subarray(bodyAt, rest));
    } else if (framing !== "none") {
      this.#gather(head, held.subarray(bodyAt));
      return;
    }
    if (rest < held.length) this.#held = held.subarray(rest);
    this.#handOn(head, body);
  }

  #gather(head: RequestHead, bytes: Buffer): void {
    const { contentLength, framing } = head;
    const extent = framing === "length" ? contentLength : BY_CHUNKS;
    const incoming = new IncomingBody(framing, extent, this, false, this.#limits.bodyBytes);
    this.#incoming = incoming;
    this.#feed(incoming, bytes);
    if (!this.#gathers(incoming)) return;
    if (head.expectsContinue) this.#handOnIncoming(incoming);
    else if (framing === "length" && contentLength <= GATHER_BYTES) this.#owner.wakeIn(GATHER_MS);
    else setImmediate(handOnLater, this, incoming);
  }

  #gathers(incoming: IncomingBody): boolean {
    return this.#state === GATHERING && this.#incoming === incoming;
  }

  /** One turn of the loop later: what was in the kernel already has come. */
  gathered(incoming: IncomingBody): void {
    if (this.#gathers(incoming)) this.#handOnIncoming(incoming);
  }

  #handOnIncoming(incoming: IncomingBody): void {
    incoming.hand();
    this.#handOn(this.#head!, incoming);
  }

  #handOn(head: RequestHead, body: Body): void {
    this.#state = HANDED;
    this.#head = undefined;
    this.#owner.onRequest(head, body);
  }

  #feed(incoming: IncomingBody, bytes: Buffer): void {
    const at = incoming.feed(bytes, 0, bytes.length);
    if (incoming.problem !== undefined || incoming.tooLarge) {
      this.#incoming = undefined;
      this.#cut = true;
      const problem: HeadProblem = incoming.tooLarge
        ? bodyTooLarge(this.#limits.bodyBytes!)
        : { kind: "problem", code: "bad-request", message: incoming.problem! };
      if (this.#state === HANDED) incoming.fail(problem.code);
      else this.#owner.onProblem(problem);
    } else if (incoming.arrived && this.#state !== TUNNEL) {
      if (this.#incoming === incoming) this.#incoming = undefined;
      if (at < bytes.length) this.take(bytes.subarray(at));
      if (this.#state === GATHERING) this.#handOnIncoming(incoming);
    }
  }

  /** The request was answered: goes on to the next one. */
  next(): void {
    this.#state = HEAD;
    if (this.#socket.isPaused()) this.#socket.resume();
    this.run();
  }

  /** From now on all bytes are the body of the present request. */
  openTunnel(tunnel: IncomingBody): void {
    const held = this.#held;
    this.#state = TUNNEL;
    this.#held = undefined;
    this.#incoming = tunnel;
    if (this.#socket.isPaused()) this.#socket.resume();
    if (held !== undefined) this.#feed(tunnel, held);
  }

  /** The client sends nothing more in this direction. */
  eof(): void {
    this.#incoming?.eof("cancelled");
  }

  /** Gives up the body of the present request. */
  fail(code: Code): void {
    const incoming = this.#incoming;
    if (incoming === undefined) return;
    this.#incoming = undefined;
    this.#cut = true;
    incoming.fail(code);
  }

  /** Nothing that still comes is looked at. */
  close(): void {
    this.#state = CLOSED;
    this.#held = undefined;
    this.fail("cancelled");
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** The time asked for by `wakeIn` is over. */
  due(): void {
    if (this.#state === GATHERING) this.gathered(this.#incoming!);
    else if (this.#headBegun) this.#owner.onProblem(HEAD_TIMEOUT);
    else this.#socket.destroy();
  }

  /** The owner is to call `due` rather than to look for a stall. */
  get waits(): boolean {
    return this.#state === GATHERING || this.#state === HEAD;
  }

  pauseBody(): void {
    this.#socket.pause();
  }

  resumeBody(): void {
    this.#socket.resume();
  }

  dropBody(body: IncomingBody): void {
    if (this.#state === TUNNEL) this.#socket.destroy();
    else if (this.#incoming === body) {
      this.#incoming = undefined;
      this.#cut = true;
      // What still comes is held up to the bound, and so the client's leaving is seen for as long as possible.
      this.#socket.resume();
    }
  }
}

/** What follows the head is another protocol's, if the answer allows it. */
export const asksForTunnel = ({ method, upgrade }: Pick<RequestHead, "method" | "upgrade">): boolean =>
  upgrade !== undefined || method === "CONNECT";

const bodyTooLarge = (most: number): HeadProblem => ({
  kind: "problem",
  code: "body-too-large",
  message: `the request body is longer than ${most} bytes`,
});

const handOnLater = (intake: RequestIntake, incoming: IncomingBody) => intake.gathered(incoming);
