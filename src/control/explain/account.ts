import * as z from "zod/mini";
import { name, pack, reader } from "../../registry/frame.ts";

/** One attempt of a call, as the caller's sidecar saw it end. */
export interface AccountAttempt {
  readonly instance: string;
  /** Of `src/protocol/code.ts`; empty when the app answered. */
  readonly code: string;
  readonly status: number;
  /** It began so long after the call did; sidecars of before do not tell. */
  readonly afterMs?: number;
  readonly ms: number;
}

/** What one sidecar knows of one call: what it did with it, and why. Longer texts are cut. */
export interface Account {
  readonly side: "client" | "server";
  /** Who tells. */
  readonly service: string;
  readonly instance: string;
  /** When the call began, in Unix ms by the teller's clock. */
  readonly at: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly caller: string;
  readonly callee: string;
  /** Names of the route and of the rule in it that took the call, and what made them. */
  readonly route?: string;
  readonly rule?: string;
  readonly why?: string;
  /** Where it was sent, such as `orders v2`. */
  readonly backend?: string;
  readonly attempts: readonly AccountAttempt[];
  /** The fault that policy injected. */
  readonly injected?: string;
  /** What authorization had against it, with the name of the rule; the callee knows it. */
  readonly access?: string;
  /** What policy did with it besides, such as `parked, hedged` (`sidecar/stack/marks.ts`). */
  readonly marks?: string;
  /** Of `ms`, the time that it spent waiting on purpose: back-off, held for an instance, for a place, for the broker. */
  readonly waitedMs?: number;
  readonly status: number;
  /** Of `src/protocol/code.ts`; empty when the app answered. */
  readonly code: string;
  /** The sentence that the caller was told, when the mesh ended the call. */
  readonly message?: string;
  /** A copy of a call (RequestMirror). */
  readonly mirrored?: boolean;
  /** It has not ended: `status` is 0, `ms` is the time so far, and so are those of the attempts that have no status. */
  readonly underWay?: boolean;
  readonly ms: number;
  readonly traceparent?: string;
  /**
   * Traces that calls of this instance began while it served this one: its app had a trace context, and did not give
   * it to those calls. When it served others as well, some may be of theirs. Known of kept traces only.
   */
  readonly began?: readonly string[];
}

/** What is asked about: the `x-request-id`, or the trace. */
export type Wanted = { readonly requestId: string } | { readonly traceId: string };

/** On `reg.ev.explain`: who knows of this? `question` is what the answer must repeat. */
export type Question = Wanted & { readonly question: string };

/** On `reg.get.told.<service>`, from each sidecar that knows. */
export interface Told {
  readonly question: string;
  readonly instance: string;
  readonly accounts: readonly Account[];
}

/** Longest value of `x-request-id` that can be asked for. */
export const MAX_REQUEST_ID = 200;
/** Of one sidecar for one question. */
const MAX_ACCOUNTS = 32;
export const MAX_TOLD_BYTES = 64 * 1024;

const MAX_ATTEMPTS = 16;
/** Of traces in `began`. */
export const MAX_BEGAN = 8;
/** Longest texts, in UTF-16 units. A route is `HTTPRoute/<namespace>/<name>`, each up to 253 long. */
const MAX = {
  method: 32,
  path: 512,
  caller: 63,
  callee: 63,
  route: 600,
  rule: 253,
  why: 500,
  backend: 200,
  injected: 200,
  access: 200,
  marks: 200,
  message: 600,
  code: 63,
  traceparent: 64,
} as const;
/** An account ends up on a terminal: no teller may put an escape sequence there. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const EVERY_CONTROL = new RegExp(CONTROL, "gu");

/** W3C Trace Context section 3.2.2.3. */
const TRACE_ID = /^[0-9a-f]{32}$/;
export const isTraceId = (value: string): boolean => TRACE_ID.test(value);

const text = (max: number) =>
  z.string().check(
    z.maxLength(max),
    z.refine((value) => !CONTROL.test(value)),
  );
/** Milliseconds, of a duration or since 1970: what `Date` can show (ECMA-262 section 21.4.1.1). */
const ms = z.number().check(z.minimum(0), z.maximum(8.64e15));
const status = z.int().check(z.minimum(0), z.maximum(999));
/** The form of an `Account`. */
export const account = z.object({
  side: z.enum(["client", "server"]),
  service: name,
  instance: name,
  at: ms,
  method: text(MAX.method),
  path: text(MAX.path),
  caller: text(MAX.caller),
  callee: text(MAX.callee),
  route: z.optional(text(MAX.route)),
  rule: z.optional(text(MAX.rule)),
  why: z.optional(text(MAX.why)),
  backend: z.optional(text(MAX.backend)),
  attempts: z
    .array(
      z.object({ instance: text(MAX.callee), code: text(MAX.code), status, afterMs: z.optional(ms), ms }),
    )
    .check(z.maxLength(MAX_ATTEMPTS)),
  injected: z.optional(text(MAX.injected)),
  access: z.optional(text(MAX.access)),
  marks: z.optional(text(MAX.marks)),
  waitedMs: z.optional(ms),
  message: z.optional(text(MAX.message)),
  mirrored: z.optional(z.boolean()),
  underWay: z.optional(z.boolean()),
  status,
  code: text(MAX.code),
  ms,
  traceparent: z.optional(text(MAX.traceparent)),
  began: z.optional(z.array(z.string().check(z.regex(TRACE_ID))).check(z.maxLength(MAX_BEGAN))),
});
const questionId = z.string().check(z.minLength(1), z.maxLength(64));
const question = z.union([
  z.object({ question: questionId, requestId: text(MAX_REQUEST_ID).check(z.minLength(1)) }),
  z.object({ question: questionId, traceId: z.string().check(z.regex(TRACE_ID)) }),
]);
const told = z.object({
  question: questionId,
  instance: name,
  accounts: z.array(account).check(z.minLength(1), z.maxLength(MAX_ACCOUNTS)),
});

/** Each reader gives undefined for bytes that are not one such message; it never throws. */
export const readQuestion = reader<Question>(question);
export const readTold = reader<Told>(told);

export const isRequestId = (value: string): boolean =>
  value !== "" && value.length <= MAX_REQUEST_ID && !CONTROL.test(value);

/** Cuts what is too long and covers what no terminal should get, so that the registry takes it. */
export function fitAccount(given: Account): Account {
  const fitted: Record<string, unknown> = { ...given };
  for (const [field, max] of Object.entries(MAX)) {
    const value = fitted[field];
    if (typeof value === "string") fitted[field] = fitText(value, max);
  }
  // The last ones settled the call.
  fitted.attempts = given.attempts.slice(-MAX_ATTEMPTS);
  return fitted as unknown as Account;
}

/** No longer than `max`, and without control characters. */
export const fitText = (value: string, max: number): string => {
  const shown = value.replace(EVERY_CONTROL, "?");
  return shown.length <= max ? shown : `${shown.slice(0, max - 1)}…`;
};

/** Packs the newest accounts that the registry takes in one message. */
export function packTold(
  question: string,
  instance: string,
  accounts: readonly Account[],
  maxBytes: number,
): Buffer {
  let kept = accounts.slice(-MAX_ACCOUNTS).map(fitAccount);
  for (;;) {
    const told: Told = { question, instance, accounts: kept };
    const packed = pack(told);
    if (packed.length <= maxBytes || kept.length <= 1) return packed;
    kept = kept.slice(Math.ceil(kept.length / 2));
  }
}
