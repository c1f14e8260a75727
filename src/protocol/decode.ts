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
      return reason ? { kind, ...reason } : MALFORMED;
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
  const end = bytes.length - bytes[1]!;
  const reason = end < PREFIX.refuse ? undefined : readReason(bytes, PREFIX.refuse, end);
  if (reason === undefined) return MALFORMED;
  const instance = bytes.toString("latin1", end);
  return { kind: Kind.refuse, instance, retryAfterMs: bytes.readUInt32BE(4), ...reason };
}

function readReason(
  bytes: Buffer,
  at: number,
  to = bytes.length,
): { code: Code; message: string } | undefined {
  const text = bytes.toString("utf8", at, to);
  const end = text.indexOf("\n");
  const code = text.slice(0, end);
  return end >= 0 && isCode(code) ? { code, message: text.slice(end + 1) } : undefined;
}

const isTotal = (limit: number): boolean => Number.isSafeInteger(limit) && limit >= 0;
