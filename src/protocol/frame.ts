import type { Code } from "./code.ts";

/**
 * The frames of an exchange, as the payloads of bus messages. Byte 0 is the protocol version (high half) and the kind
 * (low half), byte 1 the flags; numbers are big-endian. Heads travel as one text block, because writing and reading
 * one long string costs a third of what a table of fields does (see bench).
 *
 *   OPEN    ver|kind  flags  attempt:1  -:1  remainingMs:4  window:4  textLength:4   text  body…
 *   HEAD    ver|kind  flags  status:2        sequence:4               textLength:4   text  body…
 *   DATA    ver|kind  flags  -:2             sequence:4               bytes…
 *   END     ver|kind  flags  -:2             sequence:4               trailers…
 *   ACCEPT  ver|kind  flags  -:2             limit:8                  instance…
 *   CREDIT  ver|kind  flags  -:2             limit:8
 *   CANCEL  ver|kind  named:1  -:2                                   code LF message… instance (of length named)
 *   REFUSE  ver|kind  named:1  headed:2      retryAfterMs:4           code LF message… headers (of length headed) instance
 *
 * `sequence` counts HEAD, DATA and END of one direction from 0 (OPEN has none: nothing comes before it). `limit` is
 * the total of body bytes that the peer may have sent after OPEN or HEAD: a total, so that a lost or repeated credit
 * does no harm.
 */
export const VERSION = 1;

export const Kind = {
  open: 1,
  head: 2,
  data: 3,
  end: 4,
  accept: 5,
  credit: 6,
  cancel: 7,
  refuse: 8,
} as const;

export const Flag = {
  /** The body ends with this frame. */
  last: 1,
  /** OPEN: there is a body, framed by `content-length` or by its end. HEAD: likewise. */
  body: 2,
  /** OPEN: the caller asks to change protocols; HEAD 101 agrees. */
  upgrade: 4,
  /** OPEN: the caller can take interim answers. */
  interim: 8,
  /** OPEN: a copy of a call (RequestMirror); nobody reads the answer. */
  mirrored: 16,
} as const;

export interface Open {
  readonly kind: typeof Kind.open;
  readonly flags: number;
  readonly attempt: number;
  /** What is left of the time for the whole call, 0 for no limit. */
  readonly remainingMs: number;
  /** Body bytes that the callee may send after HEAD before it is given credit. */
  readonly window: number;
  /** `METHOD SP target LF` and the header lines. */
  readonly text: string;
  readonly body: Buffer;
}

export interface Head {
  readonly kind: typeof Kind.head;
  readonly flags: number;
  readonly status: number;
  readonly sequence: number;
  /** `instance LF reason LF` and the header lines. */
  readonly text: string;
  readonly body: Buffer;
}

export interface Data {
  readonly kind: typeof Kind.data;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Buffer;
}

export interface End {
  readonly kind: typeof Kind.end;
  readonly sequence: number;
  readonly trailers: string;
}

export interface Accept {
  readonly kind: typeof Kind.accept;
  readonly limit: number;
  readonly instance: string;
}

export interface Credit {
  readonly kind: typeof Kind.credit;
  readonly limit: number;
}

export interface Cancel {
  readonly kind: typeof Kind.cancel;
  /** The instance that cancels; empty when it is the caller, or does not say. */
  readonly instance: string;
  readonly code: Code;
  readonly message: string;
}

export interface Refuse {
  readonly kind: typeof Kind.refuse;
  /** Who refuses; empty when he does not say. */
  readonly instance: string;
  readonly retryAfterMs: number;
  readonly code: Code;
  readonly message: string;
  /** Lines for the answer that the caller gets, each ended by CR LF; not yet checked. */
  readonly headers: string;
}

export type Frame = Open | Head | Data | End | Accept | Credit | Cancel | Refuse;

/** Frames that have a place in the order of one direction. */
export type Sequenced = Head | Data | End;

/** Bytes before the text or the body of each kind. */
export const PREFIX = {
  open: 16,
  head: 12,
  data: 8,
  end: 8,
  accept: 12,
  credit: 12,
  cancel: 4,
  refuse: 8,
} as const;

/** What came instead of a frame: bytes that make none, or one of a version that we do not speak. */
export interface Unreadable {
  readonly kind: 0;
  readonly reason: "malformed" | "version";
}
