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
  return { traceId: text.slice(3, 35), spanId: text.slice(36, 52), sampled: ODD.includes(text[54]!) };
}

export const formatTraceparent = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;

const BYTES_PER_CONTEXT = 28;
/** Random bytes for 256 contexts at a time: to ask the system for each would cost 2 µs. */
const pool = Buffer.allocUnsafe(BYTES_PER_CONTEXT * 256);
let used = pool.length;

/** A new root: random ids, and sampled with a probability of `ratio`. */
export function newTraceContext(ratio: number): TraceContext {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const at = used;
  used += BYTES_PER_CONTEXT;
  // Written at once: each call into the runtime costs more than a slice.
  const hex = pool.toString("hex", at, at + 24);
  return {
    traceId: hex.slice(0, 32),
    spanId: hex.slice(32),
    sampled: pool.readUInt32LE(at + 24) < ratio * 2 ** 32,
  };
}
