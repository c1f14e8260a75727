import { hasNameAt, LENGTH, TOKEN, trimmed } from "./grammar.ts";
import { removeField } from "./header-block.ts";

/** What the field lines of a head say about its framing and its connection, and the lines that travel on. */
export interface Fields {
  /** The lines without hop-by-hop fields, otherwise as they were written. */
  block: string;
  /** Of `Content-Length`; undefined when there is none. */
  contentLength: number | undefined;
  /** Of `Transfer-Encoding`, lower case; undefined when there is none. */
  transferEncoding: string | undefined;
  /** All values of `Connection`, lower case; empty when there is none. */
  connection: string;
  upgrade: string | undefined;
  /** Of the last `Host`. */
  host: string;
  hosts: number;
  expectsContinue: boolean;
  count: number;
  /** Why these lines could be read in two ways. */
  problem: string | undefined;
}

const FORWARD = 0;
const DROP = 1;
const CONNECTION = 2;
const CONTENT_LENGTH = 3;
const TRANSFER_ENCODING = 4;
const UPGRADE = 5;
const HOST = 6;
const EXPECT = 7;

/**
 * The names that are looked at. RFC 9110 §7.6.1 lists the hop-by-hop fields; `Proxy-Authorization` is for us, the next
 * proxy (§11.7.2), and `Proxy-Authenticate` from us. `Trailer` and `Content-Length` travel on.
 */
const NAMES: readonly (readonly [string, number])[] = [
  ["te", DROP],
  ["keep-alive", DROP],
  ["proxy-connection", DROP],
  ["proxy-authenticate", DROP],
  ["proxy-authorization", DROP],
  ["connection", CONNECTION],
  ["content-length", CONTENT_LENGTH],
  ["transfer-encoding", TRANSFER_ENCODING],
  ["upgrade", UPGRADE],
  ["host", HOST],
  ["expect", EXPECT],
];

const BY_LENGTH: (typeof NAMES | undefined)[] = [];
for (const each of NAMES) BY_LENGTH[each[0].length] = [...(BY_LENGTH[each[0].length] ?? []), each];
const LONGEST = BY_LENGTH.length;

function kindOf(text: string, at: number, length: number): number {
  const names = length < LONGEST ? BY_LENGTH[length] : undefined;
  if (names !== undefined) for (const [name, kind] of names) if (hasNameAt(text, at, name)) return kind;
  return FORWARD;
}

/**
 * Looks at each field line once, in a text that is known to follow the grammar.
 * Lines that travel on are taken as slices, not one by one: a head without hop-by-hop fields costs one slice.
 * @param from where the first line begins
 * @param to behind the CR LF of the last
 */
export function readFields(text: string, from: number, to: number): Fields {
  const fields: Fields = {
    block: "",
    contentLength: undefined,
    transferEncoding: undefined,
    connection: "",
    upgrade: undefined,
    host: "",
    hosts: 0,
    expectsContinue: false,
    count: 0,
    problem: undefined,
  };
  let kept = from;
  for (let at = from; at < to; ) {
    const colon = text.indexOf(":", at);
    const next = text.indexOf("\n", colon) + 1;
    fields.count++;
    const kind = kindOf(text, at, colon - at);
    if (kind !== FORWARD && !note(fields, kind, text.slice(colon + 1, next - 2))) {
      fields.block += text.slice(kept, at);
      kept = next;
    }
    at = next;
  }
  fields.block += text.slice(kept, to);
  return fields;
}

/** Takes down what a field says. False when its line does not travel on. */
function note(fields: Fields, kind: number, written: string): boolean {
  const value = trimmed(written, 0, written.length);
  // RFC 9110 §5.5 allows a tab around a value, but llhttp does not know `chunked` with one, and others may not.
  if ((kind === CONTENT_LENGTH || kind === TRANSFER_ENCODING) && written.includes("\t"))
    fields.problem = "there is a tab in Content-Length or Transfer-Encoding";
  switch (kind) {
    case HOST:
      fields.host = value;
      fields.hosts++;
      return true;
    case EXPECT:
      if (value.toLowerCase() === "100-continue") fields.expectsContinue = true;
      return true;
    case CONTENT_LENGTH:
      if (fields.contentLength !== undefined) fields.problem = "there are several Content-Length fields";
      else if (!LENGTH.test(value)) fields.problem = "Content-Length is not one plain number";
      fields.contentLength = Number(value);
      return true;
    case TRANSFER_ENCODING:
      if (fields.transferEncoding !== undefined)
        fields.problem = "there are several Transfer-Encoding fields";
      fields.transferEncoding = value.toLowerCase();
      return false;
    case CONNECTION:
      fields.connection += fields.connection === "" ? value.toLowerCase() : `,${value.toLowerCase()}`;
      return false;
    case UPGRADE:
      fields.upgrade = fields.upgrade === undefined ? value : `${fields.upgrade}, ${value}`;
      return false;
    default:
      return false;
  }
}

export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
}

const NO_OPTIONS: ConnectionOptions = { close: false, keepAlive: false, upgrade: false };
const KEEP_ALIVE: ConnectionOptions = { close: false, keepAlive: true, upgrade: false };
const CLOSE: ConnectionOptions = { close: true, keepAlive: false, upgrade: false };

/**
 * Fields that everybody on the way relies on. `Connection` must not name them (RFC 9110 §7.6.1): a peer that did could
 * make a proxy drop them, and so change what a message means, or whose it is.
 */
const END_TO_END =
  /^(?:host|content-.*|transfer-encoding|authorization|cookie|set-cookie.*|expect|date|cache-control|trailer|via|forwarded|x-forwarded-.*|x-request-id|traceparent|tracestate|baggage|weft-.*)$/;

const MAX_OPTIONS = 32;

/** Reads `Connection`, and takes the fields that it names out of `fields.block`. Sets `fields.problem`. */
export function readConnection(fields: Fields): ConnectionOptions {
  switch (fields.connection) {
    case "":
      return NO_OPTIONS;
    case "keep-alive":
      return KEEP_ALIVE;
    case "close":
      return CLOSE;
  }
  const options = { close: false, keepAlive: false, upgrade: false };
  const members = fields.connection.split(",", MAX_OPTIONS + 1);
  // Each one costs a walk through the block.
  if (members.length > MAX_OPTIONS) fields.problem = "Connection names too many fields";
  for (const member of members) {
    const name = trimmed(member, 0, member.length);
    if (name === "") continue;
    if (name === "close") options.close = true;
    else if (name === "keep-alive") options.keepAlive = true;
    else if (name === "upgrade") options.upgrade = true;
    else if (!TOKEN.test(name)) fields.problem = "Connection is not a list of names";
    else if (END_TO_END.test(name)) fields.problem = `Connection names ${name}, which is not hop-by-hop`;
    else fields.block = removeField(fields.block, name);
  }
  return options;
}
