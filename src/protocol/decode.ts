import { type Code, isCode } from "./code.ts";
import { type Frame, Kind, PREFIX, type Unreadable, VERSION } from "./frame.ts";

const MALFORMED: Unreadable = { kind: 0, reason: "malformed" };
const OTHER_VERSION: Unreadable = { kind: 0, reason: "version" };

const LEAST: readonly (number | undefined)[] = [
  undefined,
  PREFIX.open,
  PREFIX.head,
  PREFIX.data,
  PREFIX.end,
  PREFIX.accept,
  PREFIX.credit,
  PREFIX.cancel,
  PREFIX.refuse,
];

/** Reads one frame. Bodies are views into `bytes`. Throws nothing, whatever the bytes: a peer may be hostile. */
export function decode(bytes: Buffer): Frame | Unreadable {
  if (bytes.length === 0) return MALFORMED;
  if (bytes[0]! >> 4 !== VERSION) return OTHER_VERSION;
  const kind = bytes[0]! & 15;
  const least = LEAST[kind];
  if (least === undefined || bytes.length < least) return MALFORMED;
  switch (kind) {
    case Kind.open:
      return decodeOpen(bytes);
    case Kind.head:
      return decodeHead(bytes);
    case Kind.data:
      return {
        kind,
        flags: bytes[1]!,
        sequence: bytes.readUInt32BE(4),
        body: bytes.subarray(PREFIX.data),
      };
    case Kind.end:
      return { kind, sequence: bytes.readUInt32BE(4), trailers: bytes.toString("latin1", PREFIX.end) };
    case Kind.accept: {
      const limit = bytes.readDoubleBE(4);
      return isTotal(limit) ? { kind, limit, instance: bytes.toString("latin1", PREFIX.accept) } : MALFORMED;
    }
    case Kind.credit: {
      const limit = bytes.readDoubleBE(4);
      return isTotal(limit) ? { kind, limit } : MALFORMED;
    }
    case Kind.cancel: {
      const reason = readReason(bytes, PREFIX.cancel);
      if (reason === undefined) return MALFORMED;
      const { code, message, instance } = reason;
      return { kind, code, message, instance };
    }
    default:
      return decodeRefuse(bytes);
  }
}

function decodeOpen(bytes: Buffer): Frame | Unreadable {
  const textEnd = PREFIX.open + bytes.readUInt32BE(12);
  if (textEnd > bytes.length) return MALFORMED;
  return {
    kind: Kind.open,
    flags: bytes[1]!,
    attempt: bytes[2]!,
    remainingMs: bytes.readUInt32BE(4),
    window: bytes.readUInt32BE(8),
    text: bytes.toString("latin1", PREFIX.open, textEnd),
    body: bytes.subarray(textEnd),
  };
}

function decodeHead(bytes: Buffer): Frame | Unreadable {
  const textEnd = PREFIX.head + bytes.readUInt32BE(8);
  if (textEnd > bytes.length) return MALFORMED;
  return {
    kind: Kind.head,
    flags: bytes[1]!,
    status: bytes.readUInt16BE(2),
    sequence: bytes.readUInt32BE(4),
    text: bytes.toString("latin1", PREFIX.head, textEnd),
    body: bytes.subarray(textEnd),
  };
}

function decodeRefuse(bytes: Buffer): Frame | Unreadable {
  const reason = readReason(bytes, PREFIX.refuse);
  return reason ? { kind: Kind.refuse, retryAfterMs: bytes.readUInt32BE(4), ...reason } : MALFORMED;
}

interface Reason {
  readonly code: Code;
  readonly message: string;
  readonly headers: string;
  readonly instance: string;
}

/** The code and its sentence from `at` on; behind them what bytes 2 and 3, and then byte 1, have the length of. */
function readReason(bytes: Buffer, at: number): Reason | undefined {
  const nameAt = bytes.length - bytes[1]!;
  const headersAt = nameAt - bytes.readUInt16BE(2);
  if (headersAt < at) return undefined;
  const text = bytes.toString("utf8", at, headersAt);
  const end = text.indexOf("\n");
  const code = text.slice(0, end);
  if (end < 0 || !isCode(code)) return undefined;
  return {
    code,
    message: text.slice(end + 1),
    headers: bytes.toString("latin1", headersAt, nameAt),
    instance: bytes.toString("latin1", nameAt),
  };
}

const isTotal = (limit: number): boolean => Number.isSafeInteger(limit) && limit >= 0;
