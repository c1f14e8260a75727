import { type Body, NO_BODY } from "../stack/body.ts";
import { extentOf } from "./extent.ts";
import { findField, removeField } from "./header-block.ts";
import { BY_CHUNKS, BY_CLOSE, type Extent } from "./incoming-body.ts";
import type { ServerExchange } from "./server-exchange.ts";

/** An answer as it goes on the wire. */
export interface ReplyPlan {
  readonly head: string;
  readonly extent: Extent;
  /** Nothing, where the request or the status allows none (RFC 9110 §6.4.1). */
  readonly body: Body;
  readonly keepAlive: boolean;
}

/**
 * Frames an answer for the client that asked (RFC 9112 §6.3).
 * @param mayKeep the request allows the connection to stay open, and so does the server
 */
export function planReply(
  request: ServerExchange,
  status: number,
  reason: string,
  headers: string,
  body: Body,
  mayKeep: boolean,
): ReplyPlan {
  const start = `HTTP/1.1 ${status} ${reason}\r\n`;
  if (request.method === "HEAD" || status === 204 || status === 304) {
    // RFC 9110 §8.6: no Content-Length in a 204; for HEAD and 304 it tells of the body that would have come.
    const lines = status === 204 ? removeField(headers, "content-length") : headers;
    return { head: start + lines + ending(request, mayKeep), extent: 0, body: NO_BODY, keepAlive: mayKeep };
  }
  let extent = extentOf(headers, body);
  let framing = "";
  if (extent === BY_CHUNKS) {
    if (request.minorVersion === 1) framing = "Transfer-Encoding: chunked\r\n";
    else if (body.complete) extent = body.first.length;
    else extent = BY_CLOSE;
  }
  if (extent >= 0 && findField(headers, "content-length") < 0) framing = `Content-Length: ${extent}\r\n`;
  const keepAlive = mayKeep && extent !== BY_CLOSE;
  return { head: start + headers + framing + ending(request, keepAlive), extent, body, keepAlive };
}

function ending(request: ServerExchange, keepAlive: boolean): string {
  if (!keepAlive) return "Connection: close\r\n\r\n";
  return request.minorVersion === 1 ? "\r\n" : "Connection: keep-alive\r\n\r\n";
}
