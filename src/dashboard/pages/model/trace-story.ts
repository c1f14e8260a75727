import { isCode, meaningOf } from "../../../protocol/code.ts";
import type { Trace, TraceSpan } from "../data/trace-answers.ts";
import { copiesIn } from "./copies.ts";
import { msText } from "./format.ts";
import { isFailed, signOfResult } from "./trace-sign.ts";
import { titleOf, whereTimeWent } from "./where-time-went.ts";

/** A sentence about a trace for who is on call. */
export interface Told {
  readonly tone: "bad" | "fair" | "idle";
  readonly text: string;
  /** What it means, and what to do. */
  readonly more?: string;
  /** Traces that it names. */
  readonly traces?: readonly string[];
}

/** What failed first, where the time went, and what is not known, each in a sentence. */
export function storyOf({ spans }: Trace): Told[] {
  return [...failures(spans), ...failedCopies(spans), ...times(spans), ...missing(spans)];
}

/** Of what failed only where it began: the rest is what came of it. */
function failures(spans: readonly TraceSpan[]): Told[] {
  const cause = causeOf(spans);
  if (cause === undefined) return [];
  const { side, service, instance, status, code } = cause;
  const { word } = signOfResult(cause);
  const what =
    side === "server" && code === ""
      ? `The app of ${service}, instance ${instance}, answered ${status}.`
      : `It failed at ${titleOf(cause)}: ${word}.`;
  const isOvercome = !isBad(spans[0]!);
  const more = [...meaning(code), ...(isOvercome ? ["The call ended well all the same."] : [])].join(" ");
  return [{ tone: isOvercome ? "fair" : "bad", text: what, more }];
}

const meaning = (code: string): string[] =>
  isCode(code) ? [`${upper(meaningOf(code).cause)}. To do: ${meaningOf(code).cure}.`] : [];

/** They fail no call, but who tries a service out by them wants to know. */
function failedCopies(spans: readonly TraceSpan[]): Told[] {
  const told = new Map<string, Told>();
  for (const span of spans) {
    if (!span.mirrored || span.side === "server" || !isBad(span)) continue;
    const text = `A mirror's copy to ${span.callee} got ${signOfResult(span).word}: nobody waits for it.`;
    told.set(text, { tone: "idle", text, more: meaning(span.code).join("") });
  }
  return [...told.values()];
}

const isBad = (span: TraceSpan): boolean => isFailed(span) && !span.underWay;

/**
 * From a failed span down to that which nothing below it explains; of several attempts the last one settled the call.
 * Copies settle none.
 */
function causeOf(spans: readonly TraceSpan[]): TraceSpan | undefined {
  const copies = copiesIn(spans);
  const isBadCall = (span: TraceSpan): boolean => isBad(span) && !copies.has(span);
  let cause = spans.find(isBadCall);
  for (let next = cause; next !== undefined; ) {
    cause = next;
    const index = spans.indexOf(cause);
    next = spans.findLast((span) => span.parent === index && isBadCall(span));
  }
  return cause;
}

/** Smaller parts, in percent, are not told. */
const LEAST_SHARE = 5;

function times(spans: readonly TraceSpan[]): Told[] {
  const copies = copiesIn(spans);
  const traceMs = Math.max(
    ...spans.filter((span) => !copies.has(span)).map(({ startMs, ms }) => startMs + ms),
  );
  const shares = whereTimeWent(spans)
    .map(({ ms, where }) => ({ percent: Math.round((100 * ms) / Math.max(traceMs, 0.001)), where }))
    .filter(({ percent }) => percent >= LEAST_SHARE)
    .slice(0, 3);
  if (shares.length === 0) return [];
  const list = shares.map(({ percent, where }) => `${percent} % ${where}`).join("; ");
  return [{ tone: "idle", text: `Where the ${msText(traceMs)} went: ${list}.` }];
}

/** In the words of `weft trace`. */
function missing(spans: readonly TraceSpan[]): Told[] {
  const silent = spans.flatMap(({ callee, silent: names = [] }) =>
    names.map((instance) => `${callee}, instance ${instance}`),
  );
  const tops = spans.filter(({ depth }) => depth === 0).length;
  return [
    ...spans.flatMap(beganNote),
    ...[...new Set(silent)].map((who): Told => {
      return { tone: "fair", text: `${who}, tells nothing: it has ended, or forgotten the call.` };
    }),
    ...(tops > 1
      ? [
          {
            tone: "fair" as const,
            text: `${tops} parts stand beside each other: who led to them tells nothing.`,
          },
        ]
      : []),
  ];
}

function beganNote({ service, instance, began }: TraceSpan): Told[] {
  if (began === undefined) return [];
  const text =
    `The app of ${service}, instance ${instance}, does not seem to forward traceparent: while it served this, it made calls ` +
    "without one, which are traces of their own. To do: copy that field of a request to the calls made for it. " +
    "If it served others then, some of these may be theirs:";
  return [{ tone: "fair", text, traces: began }];
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
