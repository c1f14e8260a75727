import { Flag, type Open } from "../../src/protocol/frame.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import { isCarried } from "../http/carried-upgrade.ts";
import { checkHeaders, checkRequestLine } from "../http/check-headers.ts";
import { fieldValue, removeField } from "../http/header-block.ts";
import { withoutMeshFields } from "../http/mesh-fields.ts";

/** The head of a call as it came over the bus, checked: the caller's sidecar is not believed. */
export interface OpenHead {
  readonly method: string;
  readonly path: string;
  /** Without the fields that are the mesh's own: those are for the callee's sidecar to write. */
  readonly headers: string;
  readonly contentLength: number | undefined;
  readonly upgrade: string | undefined;
  readonly traceparent: string | undefined;
  readonly problem?: undefined;
}

/** Reads the text of OPEN: `METHOD SP target LF` and the header lines. */
export function readOpen(open: Open): OpenHead | { readonly problem: string } {
  const { text } = open;
  const lineEnd = text.indexOf("\n");
  const space = text.indexOf(" ");
  if (lineEnd < 0 || space < 0 || space > lineEnd) return { problem: "the head has no request line" };
  const method = text.slice(0, space);
  const path = text.slice(space + 1, lineEnd);
  const problem = checkRequestLine(method, path);
  if (problem !== undefined) return { problem };

  let headers = text.slice(lineEnd + 1);
  let upgrade: string | undefined;
  if ((open.flags & Flag.upgrade) !== 0) {
    upgrade = fieldValue(headers, "upgrade");
    headers = removeField(headers, "upgrade");
  }
  const checked = checkHeaders(headers);
  if (checked.problem !== undefined) return { problem: checked.problem };
  // A length of what is not sent would be taken out of the next call's bytes, on the connection that calls share.
  if (upgrade !== undefined && (checked.contentLength ?? 0) > 0) return { problem: "an upgrade has a body" };
  if (upgrade !== undefined && !isCarried(upgrade))
    return { problem: "an upgrade to HTTP itself is not carried" };
  return {
    method,
    path,
    headers: withoutMeshFields(headers),
    contentLength: checked.contentLength,
    upgrade,
    traceparent: fieldValue(headers, HEADER.traceparent),
  };
}
