import { printable } from "../policy/report.ts";
import { time } from "../signals/rows.ts";
import { table } from "../terminal.ts";
import { resultOf, type Span, type Trace } from "./rows.ts";

const BAR = 32;

/**
 * A trace for the terminal: a line for each account, below the one that led to it, with a bar of when; what policy did;
 * and what is missing, and why.
 */
export function waterfall({ traceId, at, ms, spans }: Trace): string {
  const parts = spans.map((span) => ({ rows: [spanLine(span, ms), ...attemptLines(span, ms)], span }));
  const head = ["WHERE", "RESULT", "BEGAN", "TOOK", "WHEN"];
  const [top, ...shown] = table([head, ...parts.flatMap(({ rows }) => rows)]).split("\n");
  return [
    `trace ${traceId}, ${new Date(at).toISOString()}, ${time(ms)}`,
    "",
    top!,
    // What is no row of the table must not make its columns wide.
    ...parts.flatMap(({ rows, span }) => [...shown.splice(0, rows.length), ...detailLines(span)]),
    ...notes(spans),
    "",
  ]
    .map(printable)
    .join("\n");
}

const indent = (depth: number, text: string): string => `${"  ".repeat(depth)}${text}`;

function spanLine(span: Span, traceMs: number): string[] {
  const { side, caller, callee, service, instance, method, path, depth, startMs, ms } = span;
  const copy = span.mirrored ? " (a mirror's copy)" : "";
  const asked = path === undefined ? method : `${method} ${path}`;
  const where =
    side === "client" ? `${caller} to ${callee}: ${asked}${copy}` : `${service}, instance ${instance}${copy}`;
  return [indent(depth, where), resultOf(span), time(startMs), time(ms), bar(startMs, ms, traceMs)];
}

/** @returns such as `|    =====   |`; at least one mark, for everything took some time */
function bar(startMs: number, ms: number, traceMs: number): string {
  const perMs = BAR / Math.max(traceMs, 0.001);
  const from = Math.min(BAR - 1, Math.floor(startMs * perMs));
  const length = Math.max(1, Math.min(BAR - from, Math.round(ms * perMs)));
  return `|${" ".repeat(from)}${"=".repeat(length)}${" ".repeat(BAR - from - length)}|`;
}

/** Of calls with several: an only attempt is what the call's line says. Old sidecars do not tell when one began. */
const attemptLines = ({ depth, attempts, side, startMs }: Span, traceMs: number): string[][] =>
  (side === "client" && attempts.length > 1 ? attempts : []).map((attempt, i) => {
    const { afterMs, ms } = attempt;
    const who = attempt.instance === "" ? "no instance" : attempt.instance;
    const what = [indent(depth + 2, `attempt ${i + 1}: ${who}`), resultOf(attempt)];
    if (afterMs === undefined) return [...what, "", time(ms), ""];
    return [...what, time(startMs + afterMs), time(ms), bar(startMs + afterMs, ms, traceMs)];
  });

function detailLines({ depth, route, rule, injected, marks, access, waitedMs, message }: Span): string[] {
  const line = (name: string, text: string | undefined): string[] =>
    text === undefined || text === "" ? [] : [indent(depth + 2, `${name}: ${text}`)];
  return [
    ...line("rule", rule === undefined ? undefined : `${rule} of HTTPRoute ${route}`),
    ...line("injected", injected),
    ...line("policy", marks),
    ...line("access", access),
    ...line("waited on purpose", waitedMs === undefined ? undefined : time(waitedMs)),
    ...line("message", message),
  ];
}

function notes(spans: readonly Span[]): string[] {
  const silent = spans.flatMap(({ callee, silent: names = [] }) =>
    names.map((instance) => `${callee}, instance ${instance}`),
  );
  const tops = spans.filter(({ depth }) => depth === 0).length;
  const found = [
    ...[...new Set(silent)].map((who) => `${who}, tells nothing: it has ended, or forgotten the call`),
    ...spans.filter(({ began }) => began !== undefined).map(beganNote),
    ...(tops > 1 ? [`${tops} parts stand beside each other: who led to them tells nothing`] : []),
  ];
  return found.length === 0 ? [] : ["", ...found.map((text) => `note: ${text}`)];
}

const beganNote = ({ service, instance, began = [] }: Span): string =>
  `${service}, instance ${instance}, does not seem to forward traceparent: while it served this, it made calls without one, ` +
  `which are traces of their own (${began.join(", ")}); if it served others then, some may be theirs`;
