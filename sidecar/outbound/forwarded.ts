import { HEADER } from "../../src/protocol/header-names.ts";
import type { Request } from "../http/exchange.ts";
import { findField } from "../http/header-block.ts";
import { withoutMeshFields } from "../http/mesh-fields.ts";

/** Makes request ids: a random stem of this start and a counter, unique without asking the system each time. */
export function requestIds(stem: string): () => string {
  let count = 0;
  return () => `${stem}-${(count++).toString(36)}`;
}

/** One pass over the block tells whether it has any of the fields below: most have none. */
const ANY_OF_THEM = /^(?:weft-|x-request-id:|x-forwarded-)/im;

/**
 * The header lines of a request on their way into the mesh: as the app wrote them, without what only the mesh may
 * say, and with a request id and the words of a proxy (RFC 9110 §7.6.3 `Via`; de-facto `X-Forwarded-…`) at the end.
 */
export function forwarded(request: Request, clientAddress: string, nextId: () => string): string {
  const { host, minorVersion } = request;
  const plain = !ANY_OF_THEM.test(request.headers);
  const headers = plain ? request.headers : withoutMeshFields(request.headers);
  const lacks = (name: string): boolean => plain || findField(headers, name) < 0;
  const id = lacks(HEADER.requestId) ? `${HEADER.requestId}: ${nextId()}\r\n` : "";
  const proto = lacks("x-forwarded-proto") ? "x-forwarded-proto: http\r\n" : "";
  const hosts = lacks("x-forwarded-host") ? `x-forwarded-host: ${host}\r\n` : "";
  return `${headers}${id}${proto}${hosts}x-forwarded-for: ${clientAddress}\r\nvia: 1.${minorVersion} weft\r\n`;
}
