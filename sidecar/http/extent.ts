import type { Body } from "../stack/body.ts";
import { LENGTH } from "./grammar.ts";
import { fieldValue } from "./header-block.ts";
import { BY_CHUNKS, type Extent } from "./incoming-body.ts";

/**
 * How a body is to be framed on the wire: `content-length` of its head decides, because the peer believes it too.
 * Without one it goes in chunks, or, when it is whole already and was not chunked before, needs a `content-length`:
 * the extent is then its length.
 */
export function extentOf(headers: string, body: Body): Extent {
  const length = fieldValue(headers, "content-length");
  if (length !== undefined) return LENGTH.test(length) ? Number(length) : MALFORMED;
  return body.complete && body.framing !== "until-end" ? body.first.length : BY_CHUNKS;
}

/** No body has this length, so nothing is written. */
const MALFORMED = Number.MAX_SAFE_INTEGER;
