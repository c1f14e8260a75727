import { randomFillSync } from "node:crypto";

/** What a `traceparent` says (W3C Trace Context §3.2). */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Version ff is forbidden; version 00 has exactly four fields, a later one may have more (§3.2.2, §4.3). */
const VALID =
  /^(?:00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}|(?!00|ff)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?)$/;
/** Last digits of flags whose lowest bit, "sampled", is set (§3.2.2.5). */
const ODD = "13579bdf";
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

/** Reads a `traceparent`; undefined when the specification says to start a new trace instead. */
export function parseTraceparent(text: string): TraceContext | undefined {
  if (!VALID.test(text) || text.startsWith(NO_TRACE, 3) || text.startsWith(NO_SPAN, 36)) return undefined;
  return { traceId: text.slice(3, 35), spanId: text.slice(36, 52), sampled: isSampled(text) };
}

/** @param traceparent a valid one */
export const isSampled = (traceparent: string): boolean => ODD.includes(traceparent[54]!);

export const formatTraceparent = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;

const SPAN_ID_BYTES = 8;
const CONTEXT_BYTES = 16 + SPAN_ID_BYTES;
/** Random bytes for hundreds of contexts at a time: to ask the system for each would cost 2 µs. */
const pool = Buffer.allocUnsafe(8192);
let used = pool.length;

/** Takes so many random bytes. @returns where in the pool they are */
function random(bytes: number): number {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return used - bytes;
}

/** A new root: random ids, and sampled with a probability of `ratio`. */
export function newTraceContext(ratio: number): TraceContext {
  const at = random(CONTEXT_BYTES + 4);
  // Written at once: each call into the runtime costs more than a slice.
  const hex = pool.toString("hex", at, at + CONTEXT_BYTES);
  return {
    traceId: hex.slice(0, 32),
    spanId: hex.slice(32),
    sampled: pool.readUInt32LE(at + CONTEXT_BYTES) < ratio * 2 ** 32,
  };
}

/** A span within the trace of another. */
export function childOf({ traceId, sampled }: TraceContext): TraceContext {
  const at = random(SPAN_ID_BYTES);
  return { traceId, spanId: pool.toString("hex", at, at + SPAN_ID_BYTES), sampled };
}
