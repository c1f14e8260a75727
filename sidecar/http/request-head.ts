import type { Code } from "../../src/protocol/code.ts";
import type { Framing } from "../stack/body.ts";
import { isCarried } from "./carried-upgrade.ts";
import { type Fields, readConnection, readFields } from "./fields.ts";
import { HOST, REQUEST_HEAD, TOKEN } from "./grammar.ts";
import { headText, isWholeHead, NEVER_A_HEAD } from "./head-text.ts";
import { setField } from "./header-block.ts";

export interface HeadLimits {
  /** Of the whole head; 431 above it. nginx has 4 × 8 KiB, Envoy 60 KiB, node:http 16 KiB. */
  readonly headBytes: number;
  /** Field lines; 431 above it. Envoy has 100. */
  readonly fields: number;
  /** Of the request target; 414 above it. RFC 9112 §3 asks for at least 8000. */
  readonly targetBytes: number;
  /** CONNECT is taken; else it is refused with 501. */
  readonly connect?: boolean;
}

export const HEAD_LIMITS: HeadLimits = { headBytes: 32 * 1024, fields: 128, targetBytes: 8 * 1024 };

/** A request head that can be read in one way only. */
export interface RequestHead {
  readonly kind: "head";
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly path: string;
  readonly minorVersion: 0 | 1;
  readonly headers: string;
  readonly framing: Framing;
  /** 0 unless the framing is "length". */
  readonly contentLength: number;
  readonly upgrade: string | undefined;
  readonly keepAlive: boolean;
  readonly expectsContinue: boolean;
}

export interface HeadProblem {
  readonly kind: "problem";
  readonly code: Code;
  /** A sentence that names the field. */
  readonly message: string;
}

const problem = (code: Code, message: string): HeadProblem => ({ kind: "problem", code, message });
const bad = (message: string): HeadProblem => problem("bad-request", message);

/** How many empty-line bytes stand before the request line: one line is let pass (RFC 9112 §2.2). */
export const bytesBefore = (bytes: Buffer): number => (bytes[0] === CR && bytes[1] === LF ? 2 : 0);

const CR = 0x0d;
const LF = 0x0a;

/**
 * The text of the request head with which `bytes` begin, behind `bytesBefore`.
 * Undefined while more bytes are needed; a problem as soon as it is clear that it will never be a head.
 */
export function requestHeadText(bytes: Buffer, limits: HeadLimits): string | HeadProblem | undefined {
  const text = headText(bytes, bytesBefore(bytes), bytes.length, limits.headBytes + 1);
  if (isWholeHead(text) && text.length <= limits.headBytes) return text;
  if (NEVER_A_HEAD.test(text)) return whyNotRequest(text, limits);
  const lineEnd = text.indexOf("\r");
  if ((lineEnd < 0 ? text.length : lineEnd) > limits.targetBytes + LINE_BYTES) return targetTooLong(limits);
  if (text.length <= limits.headBytes) return undefined;
  return problem("head-too-large", `the request head is longer than ${limits.headBytes} bytes`);
}

/** Of a request line besides its target. */
const LINE_BYTES = 64;

/**
 * Reads a whole request head (RFC 9112 §3, §5, §6), up to and with its empty line.
 * @param text latin1, so that each byte is one character
 */
export function parseRequestHead(text: string, limits: HeadLimits = HEAD_LIMITS): RequestHead | HeadProblem {
  if (!REQUEST_HEAD.test(text)) return whyNotRequest(text, limits);
  const targetAt = text.indexOf(" ") + 1;
  const targetEnd = text.indexOf(" ", targetAt);
  if (targetEnd - targetAt > limits.targetBytes) return targetTooLong(limits);
  const method = text.slice(0, targetAt - 1);
  const target = text.slice(targetAt, targetEnd);
  const minorVersion = text.charCodeAt(targetEnd + 8) === 0x30 ? 0 : 1;

  const fields = readFields(text, targetEnd + 11, text.length - 2);
  if (fields.count > limits.fields)
    return problem("head-too-large", `the request has more than ${limits.fields} header fields`);
  if (fields.hosts > 1) return bad("there are several Host fields");
  if (fields.hosts === 0 && minorVersion === 1) return bad("there is no Host field");
  if (!HOST.test(fields.host)) return bad("Host is not a host name with an optional port");
  const options = readConnection(fields);
  const framing = requestFraming(fields, minorVersion);
  if (typeof framing !== "string") return framing;

  let host = fields.host;
  let path = target;
  if (target.charCodeAt(0) !== 0x2f) {
    if (method === "CONNECT") {
      if (!limits.connect) return problem("unsupported", "CONNECT is not carried: call http:// addresses");
      if (!AUTHORITY.test(target) || !HOST.test(target)) return bad("CONNECT takes host:port");
      // RFC 9110 §9.3.6: what follows is the tunnel, so nothing may tell of a body.
      if (framing !== "none") return bad("CONNECT has a body");
      host = target;
      path = "";
      if (host !== fields.host) fields.block = setField(fields.block, "host", host);
    } else if (target !== "*") {
      const absolute = ABSOLUTE.exec(target);
      if (absolute === null || !HOST.test(absolute[1]!) || absolute[1] === "")
        return bad("the request target is neither a path nor an http:// address without user information");
      host = absolute[1]!;
      path = absolutePath(absolute[2]!, method);
      // RFC 9112 §3.2.2: a proxy must replace Host by what the target says.
      if (host !== fields.host) fields.block = setField(fields.block, "host", host);
    } else if (method !== "OPTIONS") return bad("the target * is for OPTIONS only");
  } else if (method === "CONNECT") return bad("CONNECT takes host:port, not a path");
  return {
    kind: "head",
    method,
    target,
    host: host.toLowerCase(),
    path,
    minorVersion,
    headers: fields.block,
    framing,
    contentLength: fields.contentLength ?? 0,
    // A request with a body that asks to switch is answered without switching, as RFC 9110 §7.8 allows.
    upgrade:
      fields.upgrade !== undefined &&
      options.upgrade &&
      minorVersion === 1 &&
      (framing === "none" || fields.contentLength === 0) &&
      isCarried(fields.upgrade)
        ? fields.upgrade
        : undefined,
    keepAlive: !options.close && (minorVersion === 1 || options.keepAlive),
    expectsContinue: fields.expectsContinue && minorVersion === 1,
  };
}

const AUTHORITY = /^[^:]+:[0-9]+$|^\[.+\]:[0-9]+$/;
const ABSOLUTE = /^http:\/\/([^/?]*)(.*)$/i;

/** RFC 9112 §3.2.4: OPTIONS without a path means the server as a whole. */
function absolutePath(rest: string, method: string): string {
  if (rest === "") return method === "OPTIONS" ? "*" : "/";
  return rest.charCodeAt(0) === 0x3f ? `/${rest}` : rest;
}

/** RFC 9112 §6.1 and §6.3, with every doubt refused. */
function requestFraming(fields: Fields, minorVersion: 0 | 1): Framing | HeadProblem {
  if (fields.problem !== undefined) return bad(fields.problem);
  if (fields.transferEncoding === undefined) return fields.contentLength === undefined ? "none" : "length";
  if (fields.contentLength !== undefined) return bad("there are both Content-Length and Transfer-Encoding");
  if (minorVersion === 0) return bad("Transfer-Encoding is not part of HTTP/1.0");
  if (fields.transferEncoding === "chunked") return "until-end";
  return /^[a-z][a-z, ]*, ?chunked$/.test(fields.transferEncoding)
    ? problem("unsupported", "the only transfer coding that is carried is chunked")
    : bad("Transfer-Encoding is not chunked");
}

const targetTooLong = (limits: HeadLimits) =>
  problem("target-too-long", `the request target is longer than ${limits.targetBytes} bytes`);

/** Says what is wrong with a head, or with the beginning of one, that does not follow the grammar. Off the hot path. */
export function whyNotRequest(text: string, limits: HeadLimits): HeadProblem {
  const lineEnd = text.indexOf("\r\n");
  const line = lineEnd < 0 ? text : text.slice(0, lineEnd);
  const [method = "", target = "", version = "", more] = line.split(" ");
  if (!TOKEN.test(method)) return bad("the request does not begin with an HTTP method");
  if (target.length > limits.targetBytes) return targetTooLong(limits);
  if (more !== undefined || !/^HTTP\/1\.[01]$/.test(version))
    return bad("the request line is not METHOD TARGET HTTP/1.1");
  for (const field of text.slice(lineEnd + 2).split("\r\n")) {
    const colon = field.indexOf(":");
    if (field === "" || (colon > 0 && TOKEN.test(field.slice(0, colon)) && !UNPRINTABLE.test(field)))
      continue;
    const name = field.slice(0, Math.max(colon, 0)).match(/^[\w-]{1,64}/)?.[0];
    return bad(name ? `the header field ${name} is malformed` : "a header line is malformed or folded");
  }
  return bad("the request target holds a character that is not allowed there");
}

/** What no field line may hold: controls but TAB. */
const UNPRINTABLE = /[^\t\x20-\x7e\x80-\xff]/;
