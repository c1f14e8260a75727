import { Flag, type Head } from "../../src/protocol/frame.ts";
import { checkHeaders, checkInterimLine, checkStatusLine } from "../http/check-headers.ts";
import type { Framing } from "../stack/body.ts";

/** The head of an answer as it came over the bus, checked: the callee's sidecar is not believed. */
export interface AnswerHead {
  /** An answer before the answer: 1xx but 101. */
  readonly interim: boolean;
  readonly status: number;
  readonly reason: string;
  readonly headers: string;
  readonly framing: Framing;
  readonly problem?: undefined;
}

/** The instance that answers: the first line of the text of HEAD. */
export const instanceOf = ({ text }: Head): string => text.slice(0, text.indexOf("\n"));

/**
 * Reads the text of HEAD: `instance LF reason LF` and the header lines. A 101 that was not asked for is none: many clients read
 * no body behind it, so that its bytes would be the answer to their next call, of whatever service.
 */
export function readHead(
  { text, status, flags }: Head,
  asksForTunnel: boolean,
): AnswerHead | { readonly problem: string } {
  const reasonAt = text.indexOf("\n") + 1;
  const headersAt = text.indexOf("\n", reasonAt) + 1;
  if (reasonAt === 0 || headersAt === 0) return { problem: "it has no reason line" };
  const reason = text.slice(reasonAt, headersAt - 1);
  const headers = text.slice(headersAt);
  if (status === 101 && !asksForTunnel) return { problem: "it switches protocols without being asked" };
  const interim = status < 200 && status !== 101;
  const checked = checkHeaders(headers, status);
  if (checked.problem !== undefined) return { problem: checked.problem };
  const problem = interim ? checkInterimLine(status, reason) : checkStatusLine(status, reason);
  if (problem !== undefined) return { problem };
  const sized = checked.contentLength !== undefined;
  const framing = (flags & Flag.body) === 0 ? "none" : sized ? "length" : "until-end";
  return { interim, status, reason, headers, framing };
}
