import type { Code } from "./code.ts";
import { Kind, PREFIX, VERSION } from "./frame.ts";

const start = (length: number, kind: number, flags: number): Buffer => {
  const frame = Buffer.allocUnsafe(length);
  frame[0] = (VERSION << 4) | kind;
  frame[1] = flags;
  frame[2] = 0;
  frame[3] = 0;
  return frame;
};

export function encodeOpen(
  flags: number,
  attempt: number,
  remainingMs: number,
  window: number,
  text: string,
  body: Buffer,
): Buffer {
  const frame = start(PREFIX.open + text.length + body.length, Kind.open, flags);
  frame[2] = attempt;
  frame.writeUInt32BE(remainingMs, 4);
  frame.writeUInt32BE(window, 8);
  frame.writeUInt32BE(text.length, 12);
  frame.write(text, PREFIX.open, "latin1");
  if (body.length > 0) frame.set(body, PREFIX.open + text.length);
  return frame;
}

export function encodeHead(
  flags: number,
  status: number,
  sequence: number,
  text: string,
  body: Buffer,
): Buffer {
  const frame = start(PREFIX.head + text.length + body.length, Kind.head, flags);
  frame.writeUInt16BE(status, 2);
  frame.writeUInt32BE(sequence, 4);
  frame.writeUInt32BE(text.length, 8);
  frame.write(text, PREFIX.head, "latin1");
  if (body.length > 0) frame.set(body, PREFIX.head + text.length);
  return frame;
}

export function encodeData(flags: number, sequence: number, body: Buffer): Buffer {
  const frame = start(PREFIX.data + body.length, Kind.data, flags);
  frame.writeUInt32BE(sequence, 4);
  frame.set(body, PREFIX.data);
  return frame;
}

export function encodeEnd(sequence: number, trailers: string): Buffer {
  const frame = start(PREFIX.end + trailers.length, Kind.end, 0);
  frame.writeUInt32BE(sequence, 4);
  frame.write(trailers, PREFIX.end, "latin1");
  return frame;
}

export function encodeAccept(limit: number, instance: string): Buffer {
  const frame = start(PREFIX.accept + instance.length, Kind.accept, 0);
  frame.writeDoubleBE(limit, 4);
  frame.write(instance, PREFIX.accept, "latin1");
  return frame;
}

export function encodeCredit(limit: number): Buffer {
  const frame = start(PREFIX.credit, Kind.credit, 0);
  frame.writeDoubleBE(limit, 4);
  return frame;
}

/** @param instance of the callee that cancels; empty when it is the caller */
export function encodeCancel(code: Code, message = "", instance = ""): Buffer {
  return withReason(Kind.cancel, PREFIX.cancel, `${code}\n${message}`, "", instance);
}

/** @param headers lines for the answer that the caller gets, each ended by CR LF; at most 64 KiB */
export function encodeRefuse(
  retryAfterMs: number,
  code: Code,
  message: string,
  instance = "",
  headers = "",
): Buffer {
  const frame = withReason(Kind.refuse, PREFIX.refuse, `${code}\n${message}`, headers, instance);
  frame.writeUInt32BE(retryAfterMs, 4);
  return frame;
}

function withReason(kind: number, at: number, reason: string, headers: string, instance: string): Buffer {
  const reasonEnd = at + Buffer.byteLength(reason);
  const frame = start(reasonEnd + headers.length + instance.length, kind, instance.length);
  frame.writeUInt16BE(headers.length, 2);
  frame.write(reason, at);
  frame.write(headers + instance, reasonEnd, "latin1");
  return frame;
}
