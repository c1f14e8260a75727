import { CHUNK_EXTENSION, FIELD_LINES } from "./grammar.ts";

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
/** 2^48 bytes are enough for a chunk, and no parser's integer overflows. */
const MAX_SIZE_DIGITS = 12;
/** Of all chunk extensions of a body: they are a way to send for ever without sending a body (CVE-2023-39326). */
const MAX_EXTENSION_BYTES = 16 * 1024;
const MAX_TRAILER_BYTES = 8 * 1024;

const SIZE_START = 0;
const SIZE = 1;
const EXTENSION = 2;
const SIZE_LF = 3;
const DATA = 4;
const DATA_CR = 5;
const DATA_LF = 6;
const TRAILERS = 7;
const DONE = 8;
const FAILED = 9;

const EMPTY = Buffer.alloc(0);

/** Decodes a chunked body (RFC 9112 §7.1), strictly. Extensions are dropped, as a recoding proxy must or may. */
export class ChunkedDecoder {
  /** Trailer lines that may travel on; final when `done`. */
  trailers = "";
  /** Where the last `decode` stopped: behind the body when it is done. */
  position = 0;
  /** Why the body is malformed. */
  problem: string | undefined;
  #state = SIZE_START;
  #digits = 0;
  #left = 0;
  #extension = "";
  #extensionBytes = 0;
  #trailerText = "";

  get done(): boolean {
    return this.#state === DONE;
  }

  /**
   * Takes bytes in, gives body bytes out: always in memory of their own, because `bytes` may be used again.
   * Stops behind the end of the body; look at `done`, `problem` and `position` afterwards.
   */
  decode(bytes: Buffer, from: number, to: number): Buffer {
    let out = EMPTY;
    let filled = 0;
    let at = from;
    while (at < to && this.#state < DONE) {
      if (this.#state === DATA) {
        const end = Math.min(to, at + this.#left);
        if (filled === 0) out = Buffer.allocUnsafe(to - at);
        filled += bytes.copy(out, filled, at, end);
        this.#left -= end - at;
        if (this.#left === 0) this.#state = DATA_CR;
        at = end;
      } else if (this.#state === TRAILERS) at = this.#readTrailers(bytes, at, to);
      else this.#step(bytes[at++]!);
    }
    this.position = at;
    return filled === out.length ? out : out.subarray(0, filled);
  }

  #step(byte: number): void {
    switch (this.#state) {
      case SIZE_START:
      case SIZE: {
        const digit = hexDigit(byte);
        if (digit >= 0) {
          if (++this.#digits > MAX_SIZE_DIGITS) this.#fail("a chunk size is too long");
          this.#left = this.#left * 16 + digit;
          if (this.#state === SIZE_START) this.#state = SIZE;
        } else if (this.#state === SIZE_START) this.#fail("a chunk has no size");
        else if (byte === CR) this.#state = SIZE_LF;
        else if (byte === SEMICOLON) this.#state = EXTENSION;
        else this.#fail("a chunk size is malformed");
        return;
      }
      case EXTENSION:
        if (byte !== CR) {
          this.#extension += String.fromCharCode(byte);
          if (++this.#extensionBytes > MAX_EXTENSION_BYTES) this.#fail("the chunk extensions are too long");
        } else if (CHUNK_EXTENSION.test(this.#extension)) {
          this.#extension = "";
          this.#state = SIZE_LF;
        } else this.#fail("a chunk extension is malformed");
        return;
      case SIZE_LF:
        if (byte !== LF) this.#fail("a chunk size does not end in CR LF");
        else this.#state = this.#left === 0 ? TRAILERS : DATA;
        return;
      case DATA_CR:
        if (byte !== CR) this.#fail("a chunk is longer than its size");
        else this.#state = DATA_LF;
        return;
      case DATA_LF:
        if (byte !== LF) this.#fail("a chunk does not end in CR LF");
        else {
          this.#state = SIZE_START;
          this.#digits = 0;
        }
    }
  }

  /** Takes lines up to the empty one. */
  #readTrailers(bytes: Buffer, from: number, to: number): number {
    const before = this.#trailerText.length;
    const text = this.#trailerText + bytes.toString("latin1", from, Math.min(to, from + MAX_TRAILER_BYTES));
    const end = text.startsWith("\r\n") ? 2 : text.indexOf("\r\n\r\n", Math.max(0, before - 3)) + 4;
    if (end < 4 && end !== 2) {
      this.#trailerText = text;
      if (text.length > MAX_TRAILER_BYTES) this.#fail("the trailers are too long");
      else if (/(?:^|[^\r])\n|\r[^\n]/.test(text)) this.#fail("a trailer line is malformed");
      return Math.min(to, from + MAX_TRAILER_BYTES);
    }
    const trailers = checkTrailers(text.slice(0, end - 2));
    if (trailers === undefined) this.#fail("a trailer line is malformed");
    else {
      this.trailers = trailers;
      this.#state = DONE;
    }
    return from + end - before;
  }

  #fail(problem: string): void {
    this.problem = problem;
    this.#state = FAILED;
  }
}

/** Some parsers, llhttp for one, act on these even in trailers: so no honest message has them there. */
const NEVER_AS_TRAILER =
  /^(?:content-length|transfer-encoding|connection|keep-alive|proxy-connection|upgrade)$/i;

/**
 * Fields that must not come as trailers, because they say how a message is routed, read or who sent it
 * (RFC 9110 §6.5.1), or because the mesh writes or judges them in the head: the id, trace and time of a call, and what
 * makes an app see another method or path (`src/access/asking.ts`). Whoever merges trailers into the head would be
 * deceived; so would be who reads `_` as `-`.
 */
const NOT_AS_TRAILER =
  /^(?:content-(?:encoding|type|range|location)|proxy-.*|te|trailer|host|expect|authorization|www-authenticate|cookie|set-cookie2?|cache-control|max-forwards|range|if-.*|location|via|forwarded|x-forwarded-.*|weft-.*|proxy|x-real-ip|x-request-id|traceparent|tracestate|baggage|grpc-timeout|x-envoy-.*|x-http-method.*|x-method-override|x-original-.*|x-rewrite-.*)$/i;

/** The lines that may travel on; undefined when the block is malformed. */
export function checkTrailers(block: string): string | undefined {
  if (block === "") return block;
  if (!FIELD_LINES.test(block)) return undefined;
  let kept = "";
  for (const line of block.split("\r\n")) {
    const name = line.slice(0, line.indexOf(":"));
    if (NEVER_AS_TRAILER.test(name)) return undefined;
    if (line !== "" && !NOT_AS_TRAILER.test(name.replaceAll("_", "-"))) kept += `${line}\r\n`;
  }
  return kept;
}

/** What stands before a chunk of so many bytes, which are more than none; CR LF stands behind it. */
export const chunkHead = (length: number): string => `${length.toString(16)}\r\n`;

/** What stands behind the last chunk. */
export const lastChunk = (trailers: string): string =>
  trailers === "" ? "0\r\n\r\n" : `0\r\n${trailers}\r\n`;

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
