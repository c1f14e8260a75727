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

export function encodeCancel(code: Code, message = ""): Buffer {
  const frame = start(PREFIX.cancel + code.length + 1 + Buffer.byteLength(message), Kind.cancel, 0);
  return withReason(frame, PREFIX.cancel, code, message);
}

export function encodeRefuse(retryAfterMs: number, code: Code, message: string, instance = ""): Buffer {
  const reasonBytes = code.length + 1 + Buffer.byteLength(message);
  const frame = start(PREFIX.refuse + reasonBytes + instance.length, Kind.refuse, instance.length);
  frame.writeUInt32BE(retryAfterMs, 4);
  frame.write(instance, PREFIX.refuse + reasonBytes, "latin1");
  return withReason(frame, PREFIX.refuse, code, message);
}

function withReason(frame: Buffer, at: number, code: Code, message: string): Buffer {
  frame.write(`${code}\n${message}`, at);
  return frame;
}
