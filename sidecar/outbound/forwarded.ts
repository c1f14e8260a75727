import { HEADER } from "../../src/protocol/header-names.ts";
import type { Request } from "../http/exchange.ts";
import { findField } from "../http/header-block.ts";
import { withoutMeshFields } from "../http/mesh-fields.ts";

/** Makes request ids: a random stem of this start and a counter, unique without asking the system each time. */
export function requestIds(stem: string): () => string {
  let count = 0;
  return () => `${stem}-${(count++).toString(36)}`;
}

/**
 * The header lines of a request on their way into the mesh: as the app wrote them, without what only the mesh may
 * say, and with a request id and the words of a proxy (RFC 9110 §7.6.3 `Via`; de-facto `X-Forwarded-…`) at the end.
 */
export function forwarded(request: Request, clientAddress: string, nextId: () => string): string {
  let headers = withoutMeshFields(request.headers);
  if (findField(headers, HEADER.requestId) < 0) headers += `${HEADER.requestId}: ${nextId()}\r\n`;
  if (findField(headers, "x-forwarded-proto") < 0) headers += "x-forwarded-proto: http\r\n";
  if (findField(headers, "x-forwarded-host") < 0) headers += `x-forwarded-host: ${request.host}\r\n`;
  return `${headers}x-forwarded-for: ${clientAddress}\r\nvia: 1.${request.minorVersion} weft\r\n`;
}
