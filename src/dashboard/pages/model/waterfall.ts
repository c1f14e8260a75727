import type { Attempt, TraceSpan } from "../data/trace-answers.ts";
import { marksIn } from "./policy-events.ts";

/** A stretch of a trace; `startMs` is after its beginning, absent where nobody told. */
interface Stretch {
  readonly startMs?: number;
  readonly ms: number;
}
export interface AttemptPart extends Stretch {
  readonly kind: "attempt";
  /** From 1 on, in the order in which they began. */
  readonly number: number;
  readonly attempt: Attempt;
}
export interface WaitPart extends Stretch {
  readonly kind: "wait";
  /** What it waited for, such as `back-off`. */
  readonly what: string;
}
export type Part = AttemptPart | WaitPart;

/** Shorter gaps are no waits, but the work of the sidecar. */
const LEAST_WAIT_MS = 0.1;

/** The attempts of a call and the waits around them, in the order in which they began. */
export function partsOf(span: TraceSpan): Part[] {
  const attempts = span.attempts
    .map((attempt): Omit<AttemptPart, "number"> => {
      const { afterMs, ms } = attempt;
      return {
        kind: "attempt",
        attempt,
        ms,
        ...(afterMs === undefined ? {} : { startMs: span.startMs + afterMs }),
      };
    })
    .sort(byStart)
    .map((part, i): AttemptPart => ({ ...part, number: i + 1 }));
  return [...attempts, ...waitsOf(span, attempts)].sort(byStart);
}

const byStart = (a: Stretch, b: Stretch): number => (a.startMs ?? 0) - (b.startMs ?? 0);

/** What no attempt covers of a call that says that it waited. */
function waitsOf(span: TraceSpan, attempts: readonly AttemptPart[]): WaitPart[] {
  const { startMs, ms, waitedMs = 0 } = span;
  if (waitedMs < LEAST_WAIT_MS) return [];
  if (attempts.some((one) => one.startMs === undefined))
    return [{ kind: "wait", what: waitBefore(span), ms: waitedMs }];
  const waits: WaitPart[] = [];
  let from = startMs;
  const until = (to: number, what: string): void => {
    if (to - from >= LEAST_WAIT_MS) waits.push({ kind: "wait", what, startMs: from, ms: to - from });
  };
  for (const attempt of attempts) {
    until(attempt.startMs!, attempt.number === 1 ? waitBefore(span) : "back-off");
    from = Math.max(from, attempt.startMs! + attempt.ms);
  }
  // What ended in a wait has none after it; of other calls the rest is no wait.
  const left = waitedMs - waits.reduce((sum, wait) => sum + wait.ms, 0);
  if (left >= LEAST_WAIT_MS)
    until(Math.min(startMs + ms, from + left), attempts.length === 0 ? waitBefore(span) : "back-off");
  return waits;
}

/** Why a call waits before its first attempt. */
function waitBefore({ side, marks = "", injected = "" }: TraceSpan): string {
  const words = marksIn(marks);
  if (words.includes("parked")) return "parked";
  if (words.includes("queued")) return "queued at the app";
  if (words.includes("broker-away")) return "broker away";
  if (injected.includes("delay")) return "delay by a fault";
  return side === "client" ? "held" : "waited";
}

/** Where a stretch lies in a trace, in percent of its time, so that the shortest can be seen still. */
export function placeOf({ startMs, ms }: { readonly startMs: number; readonly ms: number }, traceMs: number) {
  const percent = (value: number) => Math.min(100, Math.max(0, (100 * value) / Math.max(traceMs, 0.001)));
  const left = percent(startMs);
  return { left, width: Math.min(100 - left, percent(ms)) };
}

/** Times to write above a waterfall, at the beginning of each quarter. */
export const ticksOf = (traceMs: number): number[] => [0, 0.25, 0.5, 0.75].map((share) => share * traceMs);
