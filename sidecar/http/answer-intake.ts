import type { Socket } from "node:net";
import type { Code } from "../../src/protocol/code.ts";
import { type Body, NO_BODY, wholeBody } from "../stack/body.ts";
import { headText, isWholeHead } from "./head-text.ts";
import {
  type BodySource,
  BY_CHUNKS,
  BY_CLOSE,
  GATHER_BYTES,
  GATHER_MS,
  IncomingBody,
} from "./incoming-body.ts";
import { parseResponseHead, type ResponseHead } from "./response-head.ts";

/** Whoever asked. */
export interface AnswerOwner {
  onInterim(head: ResponseHead): void;
  /** The answer, whole or with its body still coming. */
  onAnswer(head: ResponseHead, body: Body): void;
  /** The answer came to its end. @param more bytes came behind it, which belong to nothing */
  onAnswerEnd(head: ResponseHead, more: boolean): void;
  onSwitch(head: ResponseHead, tunnel: IncomingBody): void;
  /** The answer cannot be read. */
  onBadAnswer(message: string): void;
  /** The reader of the answer wants no more of it. */
  onDropped(code: Code): void;
  /** Asks for a call of `AnswerIntake.due` after that time. */
  wakeIn(ms: number): void;
}

/** Nothing was asked. */
const IDLE = 0;
const HEAD = 1;
/** Has a head, and waits a moment for its body. */
const GATHERING = 2;
/** The answer was handed on; the rest of its body still comes. */
const BODY = 3;
const TUNNEL = 4;

/** Makes answers out of the bytes of one connection to the app. */
export class AnswerIntake implements BodySource {
  /** Nothing of the answer has come. */
  untouched = true;
  readonly #socket: Socket;
  readonly #owner: AnswerOwner;
  readonly #headBytes: number;
  readonly #maxFields: number;
  #method = "";
  #state = IDLE;
  /** The beginning of a head. */
  #held: Buffer | undefined;
  #head: ResponseHead | undefined;
  #incoming: IncomingBody | undefined;

  constructor(socket: Socket, owner: AnswerOwner, headBytes: number, maxFields: number) {
    this.#socket = socket;
    this.#owner = owner;
    this.#headBytes = headBytes;
    this.#maxFields = maxFields;
  }

  get gathering(): boolean {
    return this.#state === GATHERING;
  }

  /** The answer's body is awaited, and nobody holds it back. */
  get awaitsBody(): boolean {
    return this.#incoming !== undefined && !this.#socket.isPaused();
  }

  /** A request was sent; its answer comes next. */
  expect(method: string): void {
    this.#method = method;
    this.#state = HEAD;
    this.untouched = true;
  }

  /** @param bytes memory that is used again */
  take(bytes: Buffer, length: number): void {
    if (this.#incoming !== undefined) this.#feed(this.#incoming, bytes, 0, length);
    else if (this.#state === HEAD) this.#readHeads(bytes, length);
    // Nothing was asked, so this answers nothing: a notice of a timeout, or an attack.
    else this.#socket.destroy();
  }

  /** Interim answers, then the answer. */
  #readHeads(bytes: Buffer, length: number): void {
    let all = bytes;
    let to = length;
    if (this.#held !== undefined) {
      all = Buffer.concat([this.#held, bytes.subarray(0, length)]);
      to = all.length;
      this.#held = undefined;
    }
    this.untouched = false;
    for (let from = 0; from < to && this.#state === HEAD; ) {
      const text = headText(all, from, to, this.#headBytes + 1);
      if (text.length > this.#headBytes) {
        this.#owner.onBadAnswer(`its head is longer than ${this.#headBytes} bytes`);
        return;
      }
      if (!isWholeHead(text)) {
        this.#held = Buffer.from(all.subarray(from, to));
        return;
      }
      from += text.length;
      const head = parseResponseHead(text, this.#method, this.#maxFields);
      if (head.kind === "problem") {
        this.#owner.onBadAnswer(head.message);
        return;
      }
      if (head.status >= 200 || head.status === 101) {
        this.#begin(head, all, from, to);
        // The next call may have been begun by now: what is left here is the body of this answer, and no head for that one.
        return;
      }
      this.#owner.onInterim(head);
    }
  }

  /** Takes what is here of the body, and hands the answer on: now, or when a moment has brought the rest. */
  #begin(head: ResponseHead, bytes: Buffer, from: number, to: number): void {
    const { framing, contentLength, chunked, status } = head;
    this.#head = head;
    if (status !== 101 && (framing === "none" || (framing === "length" && contentLength <= to - from))) {
      const end = from + contentLength;
      this.#state = IDLE;
      this.#owner.onAnswer(
        head,
        framing === "none" ? NO_BODY : wholeBody(Buffer.from(bytes.subarray(from, end))),
      );
      this.#owner.onAnswerEnd(head, end < to);
      return;
    }
    const extent = framing === "length" ? contentLength : chunked ? BY_CHUNKS : BY_CLOSE;
    const incoming = new IncomingBody(framing === "none" ? "until-end" : framing, extent, this, true);
    this.#incoming = incoming;
    if (status === 101) {
      this.#state = TUNNEL;
      incoming.feed(bytes, from, to);
      incoming.hand();
      this.#owner.onSwitch(head, incoming);
      return;
    }
    this.#state = GATHERING;
    this.#feed(incoming, bytes, from, to);
    if (!this.#gathers(incoming)) return;
    if (framing === "length" && contentLength <= GATHER_BYTES) this.#owner.wakeIn(GATHER_MS);
    else setImmediate(handOnLater, this, incoming);
  }

  #gathers(incoming: IncomingBody): boolean {
    return this.#state === GATHERING && this.#incoming === incoming;
  }

  #feed(incoming: IncomingBody, bytes: Buffer, from: number, to: number): void {
    const at = incoming.feed(bytes, from, to);
    if (incoming.problem !== undefined) this.#owner.onBadAnswer(incoming.problem);
    else if (incoming.arrived) this.#arrived(incoming, at < to);
  }

  #arrived(incoming: IncomingBody, more: boolean): void {
    this.gathered(incoming);
    if (this.#incoming !== incoming || this.#state === TUNNEL) return;
    this.#incoming = undefined;
    this.#state = IDLE;
    this.#owner.onAnswerEnd(this.#head!, more);
  }

  /** The moment is over: hands on what is here. */
  gathered(incoming: IncomingBody): void {
    if (!this.#gathers(incoming)) return;
    this.#state = BODY;
    incoming.hand();
    this.#owner.onAnswer(this.#head!, incoming);
  }

  /** The app sends nothing more. True when that leaves the other direction of a tunnel open. */
  eof(): boolean {
    const incoming = this.#incoming;
    incoming?.eof("app-reset");
    if (this.#state === TUNNEL) return true;
    if (incoming?.arrived) this.#arrived(incoming, true);
    return false;
  }

  /** Nothing that still comes is looked at; the answer that was under way has failed. */
  close(code: Code): void {
    const incoming = this.#incoming;
    this.#incoming = undefined;
    this.#held = undefined;
    this.#state = IDLE;
    incoming?.fail(code);
  }

  /** The time asked for by `wakeIn` is over. */
  due(): void {
    if (this.#incoming !== undefined) this.gathered(this.#incoming);
  }

  pauseBody(): void {
    this.#socket.pause();
  }

  resumeBody(): void {
    this.#socket.resume();
  }

  dropBody(_body: IncomingBody, code: Code): void {
    this.#owner.onDropped(code);
  }
}

const handOnLater = (intake: AnswerIntake, incoming: IncomingBody) => intake.gathered(incoming);
