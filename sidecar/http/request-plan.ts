import { type Body, NO_BODY } from "../stack/body.ts";
import type { CallHead } from "../stack/call.ts";
import { extentOf } from "./extent.ts";
import { REASON } from "./grammar.ts";
import { findField } from "./header-block.ts";
import { BY_CHUNKS, type Extent } from "./incoming-body.ts";

/** A request as it goes on the wire. */
export interface RequestPlan {
  readonly head: string;
  readonly extent: Extent;
  readonly body: Body;
}

/** Frames a request for the app (RFC 9112 §6.3). Undefined when it cannot be. */
export function planRequest({ method, path, headers, body, upgrade }: CallHead): RequestPlan | undefined {
  const start = `${method} ${path} HTTP/1.1\r\n${headers}`;
  if (upgrade !== undefined) {
    if (!REASON.test(upgrade)) return undefined;
    return { head: `${start}Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`, extent: 0, body: NO_BODY };
  }
  const extent = extentOf(headers, body);
  let framing = "";
  if (extent === BY_CHUNKS) framing = "Transfer-Encoding: chunked\r\n";
  else if (body.framing !== "none" && findField(headers, "content-length") < 0)
    framing = `Content-Length: ${extent}\r\n`;
  return { head: `${start}${framing}\r\n`, extent, body };
}
