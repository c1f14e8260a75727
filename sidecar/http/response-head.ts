import type { Framing } from "../stack/body.ts";
import { readConnection, readFields } from "./fields.ts";
import { RESPONSE_HEAD } from "./grammar.ts";

/** A response head that can be read in one way only. */
export interface ResponseHead {
  readonly kind: "head";
  readonly status: number;
  readonly reason: string;
  /** `Upgrade` stays for a 101, because it says which protocol was chosen. */
  readonly headers: string;
  readonly framing: Framing;
  /** 0 unless the framing is "length". */
  readonly contentLength: number;
  /** Tells the two kinds of "until-end" apart: by chunks, else by the end of the connection. */
  readonly chunked: boolean;
  readonly keepAlive: boolean;
}

export interface ResponseProblem {
  readonly kind: "problem";
  /** A sentence that names the field. */
  readonly message: string;
}

const bad = (message: string): ResponseProblem => ({ kind: "problem", message });

/**
 * Reads a whole response head (RFC 9112 §4, §6.3), up to and with its empty line.
 * @param text latin1, so that each byte is one character
 * @param method of the request, because the answer to HEAD has no body
 */
export function parseResponseHead(
  text: string,
  method: string,
  maxFields: number,
): ResponseHead | ResponseProblem {
  if (!RESPONSE_HEAD.test(text)) return bad("the response head is not HTTP/1.1");
  const lineEnd = text.indexOf("\r\n");
  const minorVersion = text.charCodeAt(7) === 0x30 ? 0 : 1;
  const status = Number(text.slice(9, 12));
  const fields = readFields(text, lineEnd + 2, text.length - 2);
  if (fields.count > maxFields) return bad(`the response has more than ${maxFields} header fields`);
  const options = readConnection(fields);
  if (fields.problem !== undefined) return bad(fields.problem);
  const { contentLength, transferEncoding } = fields;
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) return bad("there are both Content-Length and Transfer-Encoding");
    if (transferEncoding !== "chunked") return bad("Transfer-Encoding is not chunked");
    if (minorVersion === 0) return bad("Transfer-Encoding is not part of HTTP/1.0");
  }
  if (status < 200 && contentLength !== undefined) return bad("an interim answer has a Content-Length");
  if (status < 200 && (minorVersion === 0 || options.close))
    return bad("an interim answer ends the connection");
  if (status === 101 && fields.upgrade === undefined) return bad("it switches protocols and names none");
  const bodiless = method === "HEAD" || status < 200 || status === 204 || status === 304;
  const framing = bodiless ? "none" : contentLength === undefined ? "until-end" : "length";
  const chunked = transferEncoding !== undefined;
  return {
    kind: "head",
    status,
    reason: text.slice(13, Math.max(13, lineEnd)),
    headers: status === 101 ? `${fields.block}Upgrade: ${fields.upgrade}\r\n` : fields.block,
    framing,
    contentLength: framing === "length" ? contentLength! : 0,
    chunked,
    keepAlive:
      !options.close && (minorVersion === 1 || options.keepAlive) && (framing !== "until-end" || chunked),
  };
}
