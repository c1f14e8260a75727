import { encodeOpen } from "../../src/protocol/encode.ts";
import { Flag, PREFIX } from "../../src/protocol/frame.ts";
import { fitBody } from "../exchange/fit-body.ts";
import { FIRST_BYTES, WINDOW_BYTES } from "../exchange/limits.ts";
import type { Body } from "../stack/body.ts";
import type { Call } from "../stack/call.ts";

/** What four bytes can say: 49 days. */
const LONGEST_MS = 0xffffffff;

/**
 * Writes the OPEN of an attempt.
 * @returns the frame, and the body of which it has the first part; undefined when the head alone does not fit
 */
export function writeOpen(
  call: Call,
  maxPayload: number,
  now: number,
): { readonly frame: Buffer; readonly body: Body } | undefined {
  const { head, attempt, onInterim } = call;
  const upgrade = head.upgrade === undefined ? "" : `upgrade: ${head.upgrade}\r\n`;
  const text = `${head.method} ${call.path}\n${head.headers}${upgrade}`;
  const room = maxPayload - PREFIX.open - text.length;
  if (room < 0) return undefined;
  const body = fitBody(head.body, Math.min(room, FIRST_BYTES));
  const flags =
    (body.complete ? Flag.last : 0) |
    (body.framing === "none" ? 0 : Flag.body) |
    (head.upgrade === undefined ? 0 : Flag.upgrade) |
    (onInterim === undefined ? 0 : Flag.interim) |
    (call.mirrored ? Flag.mirrored : 0);
  return { frame: encodeOpen(flags, attempt, remainingMs(call, now), WINDOW_BYTES, text, body.first), body };
}

/** As OPEN carries it: 0 for no limit. */
function remainingMs(call: Call, now: number): number {
  if (!Number.isFinite(Math.min(call.head.timeoutMs, call.attemptDueAt))) return 0;
  return Math.min(Math.max(1, call.remainingMs(now)), LONGEST_MS);
}

/** Only a sampled context goes into the NATS header: that is the only one the broker's own tracing acts on. */
export const sampled = (traceparent: string | undefined): string | undefined =>
  traceparent?.endsWith("-01") ? traceparent : undefined;
