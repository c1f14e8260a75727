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

/** What an answer may say besides its code. */
export interface MeshAnswerDetails {
  /** Instead of the status that the code has. */
  readonly status?: number | undefined;
  /** When the caller may come again; sent in whole seconds (RFC 9110 §10.2.3), rounded up. */
  readonly retryAfterMs?: number | undefined;
  /** For `weft explain`. */
  readonly requestId?: string | undefined;
  /** Further lines, each ended by CR LF. */
  readonly headers?: string | undefined;
}

/**
 * Renders a code as an HTTP answer: `weft-error` for programs, one line of text for people.
 * @param message one sentence that names the cause, what was tried and where the time went
 */
export function meshAnswer(code: Code, message: string, details: MeshAnswerDetails = {}): MeshAnswer {
  const { status: byCode, cure } = meaningOf(code);
  const { status = byCode, retryAfterMs, requestId, headers = "" } = details;
  const body = Buffer.from(`${message} (${code}: ${cure})\n`);
  const retryAfter = retryAfterMs === undefined ? "" : `retry-after: ${Math.ceil(retryAfterMs / 1000)}\r\n`;
  const id = requestId === undefined ? "" : `${HEADER.requestId}: ${requestId}\r\n`;
  return {
    status,
    // node:http does not know 499, which nginx made up for a client that left.
    reason: STATUS_CODES[status] ?? (status === 499 ? "Client Closed Request" : "Unassigned"),
    headers: `${HEADER.error}: ${code}\r\ncontent-type: text/plain; charset=utf-8\r\n${retryAfter}${id}${headers}content-length: ${body.length}\r\n`,
    body: wholeBody(body),
  };
}
