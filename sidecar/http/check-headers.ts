import { readFields } from "./fields.ts";
import { FIELD_LINES, REASON, TARGET, TOKEN } from "./grammar.ts";

/**
 * Checks of what came over the bus: the other side is a sidecar, but perhaps not an honest one, so nothing is believed
 * that an app or a client would have to believe.
 */

export type HeadersVerdict =
  | { readonly contentLength: number | undefined; readonly problem?: undefined }
  | { readonly problem: string };

/**
 * A header block: its grammar, no hop-by-hop field, at most one `Content-Length`.
 * @param status of the answer that it belongs to: `Upgrade` may be in that of a 101
 */
export function checkHeaders(block: string, status?: number): HeadersVerdict {
  if (!FIELD_LINES.test(block)) return { problem: "a header line is malformed" };
  const fields = readFields(block, 0, block.length);
  if (fields.problem !== undefined) return { problem: fields.problem };
  const upgraded = status === 101 && fields.upgrade !== undefined;
  if (fields.block.length !== block.length && !(upgraded && onlyUpgradeWasDropped(fields.block, block)))
    return { problem: "a hop-by-hop header field came over the bus" };
  return { contentLength: fields.contentLength };
}

const onlyUpgradeWasDropped = (kept: string, block: string) =>
  kept === block.replace(/^upgrade:[^\r]*\r\n/gim, "");

/** A method, and a target in origin-form or `*`. Undefined when they are well-formed, else what is wrong. */
export function checkRequestLine(method: string, path: string): string | undefined {
  if (!TOKEN.test(method) || method === "CONNECT") return "the method is malformed";
  if (path === "*") return method === "OPTIONS" ? undefined : "the target * is for OPTIONS only";
  return path.charCodeAt(0) === 0x2f && TARGET.test(path) ? undefined : "the request target is malformed";
}

/** A status of a final answer (or 101), and its reason. Undefined when they are well-formed, else what is wrong. */
export function checkStatusLine(status: number, reason: string): string | undefined {
  if (status !== 101 && !(Number.isInteger(status) && status >= 200 && status <= 599))
    return "the status is not one of a final answer";
  return REASON.test(reason) ? undefined : "the reason is malformed";
}

/** The status of an interim answer, and its reason. Undefined when they are well-formed, else what is wrong. */
export function checkInterimLine(status: number, reason: string): string | undefined {
  if (!(Number.isInteger(status) && status >= 100 && status <= 199 && status !== 101))
    return "the status is not one of an interim answer";
  return REASON.test(reason) ? undefined : "the reason is malformed";
}
