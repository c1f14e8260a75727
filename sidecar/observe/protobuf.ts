/**
 * Fields of protobuf messages (protobuf.dev, "Encoding"). Those that are made once and kept are buffers of their own; what is
 * written for each call goes to its place.
 */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

/** How many bytes it takes. */
export const varintBytes = (value: number): number => (value < 128 ? 1 : 1 + varintBytes(value / 128));

/** @returns where it ends */
export function writeVarint(bytes: Buffer, at: number, value: number): number {
  let [to, left] = [at, value];
  for (; left >= 128; left = Math.floor(left / 128)) bytes[to++] = (left % 128) + 128;
  bytes[to] = left;
  return to + 1;
}

function varint(value: number): Buffer {
  const bytes = Buffer.alloc(varintBytes(value));
  writeVarint(bytes, 0, value);
  return bytes;
}

const tag = (field: number, type: number): Buffer => varint(field * 8 + type);

/** What goes before the bytes of a field that is a text or a message. */
export const headOf = (field: number, length: number): Buffer =>
  Buffer.concat([tag(field, LENGTH_DELIMITED), varint(length)]);

/** A message as a field of another: its own fields one behind another. */
export function message(field: number, ...fields: readonly Buffer[]): Buffer {
  const length = fields.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([headOf(field, length), ...fields]);
}

export const text = (field: number, value: string): Buffer => message(field, Buffer.from(value));

/** A whole number from 0 on, a truth value or an enum. */
export const whole = (field: number, value: number): Buffer =>
  Buffer.concat([tag(field, VARINT), varint(value)]);

export function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(field, FIXED64), bytes]);
}

/**
 * Unix time in ms as `fixed64` of ns. A number has too few digits for it, and a BigInt would be made anew each time.
 * @returns where it ends
 */
export function writeNanos(bytes: Buffer, at: number, unixMs: number): number {
  const seconds = Math.floor(unixMs / 1000);
  const nanos = Math.floor((unixMs - seconds * 1000) * 1e6);
  // seconds * 1e9 + nanos, the upper bits of the seconds apart.
  const upper = Math.floor(seconds / 65_536) * 1e9;
  const lower = (upper % 65_536) * 65_536 + (seconds % 65_536) * 1e9 + nanos;
  bytes.writeUInt32LE(lower % 2 ** 32, at);
  return bytes.writeUInt32LE(Math.floor(upper / 65_536) + Math.floor(lower / 2 ** 32), at + 4);
}

/**
 * Writes so many bytes, which stand in a text from `from` on as lower-case hexadecimal digits.
 * @returns where they end
 */
export function writeHex(bytes: Buffer, at: number, length: number, hex: string, from: number): number {
  for (let i = 0, digit = from; i < length; i++, digit += 2)
    bytes[at + i] = (valueOfDigit(hex.charCodeAt(digit)) << 4) | valueOfDigit(hex.charCodeAt(digit + 1));
  return at + length;
}

const valueOfDigit = (code: number): number => (code < 0x40 ? code - 0x30 : code - 0x57);
