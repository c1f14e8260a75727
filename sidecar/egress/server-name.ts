/** What the first bytes of a connection say of the host that TLS is to be spoken with. */
export type ServerName = "more" | "none" | "malformed" | { readonly name: string };

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
/** Of a ClientHello; the longest in use, with post-quantum keys, have 2 KiB. */
const LONGEST = 16 * 1024;

/**
 * Reads the server name of a ClientHello (RFC 8446 §4.1.2, RFC 6066 §3), which may lie in several records.
 * @param bytes from the first on
 * @returns `more` while bytes are missing; `none` when it is no TLS, or names no host
 */
export function serverNameOf(bytes: Buffer): ServerName {
  if (bytes.length === 0) return "more";
  if (bytes[0] !== HANDSHAKE) return "none";
  const hello = helloIn(bytes);
  if (!Buffer.isBuffer(hello)) return hello;
  return nameIn(hello) ?? "malformed";
}

/** The body of the ClientHello, put together out of its records. */
function helloIn(bytes: Buffer): Buffer | "more" | "malformed" {
  const pieces: Buffer[] = [];
  let length = 0;
  for (let at = 0; ; ) {
    const message = Buffer.concat(pieces);
    if (message.length >= 4) {
      if (message[0] !== CLIENT_HELLO) return "malformed";
      const end = 4 + message.readUIntBE(1, 3);
      if (end > LONGEST) return "malformed";
      if (message.length >= end) return message.subarray(4, end);
    }
    if (bytes.length < at + 5) return bytes.length > LONGEST * 2 ? "malformed" : "more";
    length = bytes.readUInt16BE(at + 3);
    if (bytes[at] !== HANDSHAKE || length === 0 || length > LONGEST) return "malformed";
    pieces.push(bytes.subarray(at + 5, at + 5 + length));
    if (bytes.length < at + 5 + length) {
      // A part of a record is no message yet, but it may be the whole of one.
      const partial = Buffer.concat(pieces);
      const whole = partial.length >= 4 && partial.length >= 4 + partial.readUIntBE(1, 3);
      if (!whole) return "more";
    }
    at += 5 + length;
  }
}

/** Undefined when it is malformed. */
function nameIn(hello: Buffer): "none" | { readonly name: string } | undefined {
  let at = 2 + 32;
  const skip = (bytes: number): boolean => {
    if (at + bytes > hello.length) return false;
    at += bytes + hello.readUIntBE(at, bytes);
    return at <= hello.length;
  };
  // Session id, cipher suites, compression methods.
  if (!skip(1) || !skip(2) || !skip(1)) return undefined;
  if (at === hello.length) return "none";
  if (at + 2 > hello.length) return undefined;
  const end = at + 2 + hello.readUInt16BE(at);
  if (end !== hello.length) return undefined;
  for (at += 2; at < end; ) {
    if (at + 4 > end) return undefined;
    const [type, length] = [hello.readUInt16BE(at), hello.readUInt16BE(at + 2)];
    at += 4;
    if (at + length > end) return undefined;
    if (type === SERVER_NAME) return listedName(hello.subarray(at, at + length));
    at += length;
  }
  return "none";
}

/** A list with one name of the only type that there is. */
function listedName(list: Buffer): { readonly name: string } | undefined {
  if (list.length < 5 || list.readUInt16BE(0) !== list.length - 2 || list[2] !== 0) return undefined;
  const length = list.readUInt16BE(3);
  if (length === 0 || length !== list.length - 5) return undefined;
  return { name: list.toString("latin1", 5).toLowerCase() };
}
