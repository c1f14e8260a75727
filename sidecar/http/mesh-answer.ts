import { STATUS_CODES } from "node:http";
import { type Code, meaningOf } from "../../src/protocol/code.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import { type Body, wholeBody } from "../stack/body.ts";

/** An answer that the mesh makes itself. */
export interface MeshAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: string;
  readonly body: Body;
}

/**
 * Renders a code as an HTTP answer: `weft-error` for programs, one line of text for people.
 * @param message one sentence that names the cause, what was tried and where the time went
 * @param retryAfterMs when the caller may come again; sent in whole seconds (RFC 9110 §10.2.3), rounded up
 */
export function meshAnswer(code: Code, message: string, retryAfterMs?: number): MeshAnswer {
  const { status, cure } = meaningOf(code);
  const body = Buffer.from(`${message} (${code}: ${cure})\n`);
  const retryAfter = retryAfterMs === undefined ? "" : `retry-after: ${Math.ceil(retryAfterMs / 1000)}\r\n`;
  return {
    status,
    // node:http does not know 499, which nginx made up for a client that left.
    reason: STATUS_CODES[status] ?? "Client Closed Request",
    headers: `${HEADER.error}: ${code}\r\ncontent-type: text/plain; charset=utf-8\r\n${retryAfter}content-length: ${body.length}\r\n`,
    body: wholeBody(body),
  };
}
