import type { Code } from "../../src/protocol/code.ts";
import type { Call, Layer } from "../stack/call.ts";
import type { Failed, Outcome } from "../stack/outcome.ts";
import type { Sweep } from "../stack/sweep.ts";
import { isIdempotent, isRepeatable, type ReadField } from "./idempotent.ts";
import { noteAttempt } from "./note-attempt.ts";
import { ReplayBody } from "./replay-body.ts";
import { readRetryAfter } from "./retry-after.ts";
import type { RetryBudget } from "./retry-budget.ts";
import { endedWaiting, Wait } from "./wait.ts";

export interface RetryOptions {
  /** Attempts after the first; with 0 calls are only counted for the budget. Gateway API `retry.attempts`. */
  readonly attempts: number;
  /** Before each further attempt at least this, besides the jitter: what the Gateway API means by `retry.backoff`. */
  readonly minMs: number;
  /** The jitter is at most this before the second attempt, and grows from there. */
  readonly baseMs: number;
  readonly capMs: number;
  /** An answer that asks for a longer pause is the last one. Envoy `rate_limited_retry_back_off.max_interval`. */
  readonly maxRetryAfterMs: number;
  /**
   * Given, it is tried again also what an app may have seen, when that is safe: what broke on the way, and answers
   * with one of these statuses (Gateway API `retry.codes`, which may be empty).
   */
  readonly codes: ReadonlySet<number> | undefined;
}

/** Without any policy: only what no app can have seen. */
export const RETRY: RetryOptions = {
  ...{ attempts: 2, minMs: 0, baseMs: 25, capMs: 250, maxRetryAfterMs: 300_000, codes: undefined },
};

export interface RetryParts {
  readonly sweep: Sweep;
  /** Of the service that is called, shared by all who try it again. */
  readonly budget: RetryBudget;
  readonly field: ReadField;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** The wall clock in ms, for dates in `Retry-After`. */
  readonly unixMs: () => number;
  /** Whether an instance is known that may take the call and has not had it. */
  readonly hasOther: (call: Call) => boolean;
  /** Whether the service refuses it before others, and so has less of the budget for it. */
  readonly isLesser: (call: Call) => boolean;
  /** Told of each further attempt when it begins. */
  readonly retried: () => void;
}

/** No app has seen it, and another attempt may find another instance, or the same in a better state. */
const ELSEWHERE: ReadonlySet<Code> = new Set(["no-instance", "draining", "overloaded", "app-unreachable"]);

/** An app may have seen it, and it is of the way rather than of the request. */
const ON_THE_WAY: ReadonlySet<Code> = new Set<Code>([
  "app-reset",
  "attempt-timeout",
  "gone",
  "lost",
  "broken-stream",
  "broker-lost",
]);

/**
 * Tries again: what no app can have seen whatever the method, and where policy says so, what is safe to repeat.
 * Full jitter, `random(0, (2^n − 1) · base)`, so that callers that failed together do not come back together (AWS
 * Architecture Blog; Linkerd and Envoy do alike). A least pause, or one that was asked for, that would outlast the call's
 * time is not begun: the caller is better served with what there is.
 */
export const retry =
  (options: RetryOptions, parts: RetryParts): Layer =>
  (inner) =>
  async (call) => {
    const { sweep, budget } = parts;
    const { target } = call;
    budget.called(call.startedAt);
    let startedAt = call.startedAt + call.waitedMs;
    let seen = false;
    const replay = replayOf(call, options, parts);
    let outcome = await inner(call);
    if (replay !== undefined) await bringBack(call, replay, outcome, options, sweep);
    for (let n = 1; n <= options.attempts && isWorthIt(call, outcome, options, parts); n++) {
      const now = sweep.now();
      const pauseMs = pauseOf(outcome, n, call.dueAt - now, options, parts);
      if (call.cancelled === undefined) {
        if (pauseMs === undefined || now + pauseMs >= call.dueAt) break;
        const isLesser = parts.isLesser(call);
        if (burdens(outcome) && !budget.take(now, isLesser)) {
          call.note("over-budget");
          replay?.drop();
          return overBudget(call, unlessSeen(seen, outcome), isLesser);
        }
      }
      seen ||= outcome.kind === "replied" || (outcome.kind === "failed" && outcome.delivered === "unknown");
      if (outcome.kind === "replied") outcome.body.abandon("cancelled");
      const ms = call.lastMs ?? now - startedAt;
      noteAttempt(call, call.instance, outcome, now - ms, ms);
      call.lastMs = undefined;
      call.instance = "";
      const how = await new Wait(call, sweep, pauseMs ?? 0).ended;
      if (how !== "over" && how !== "woken") {
        replay?.drop();
        return unlessSeen(seen, endedWaiting(call, how, sweep.now(), "between two attempts"));
      }
      call.attempt++;
      parts.retried();
      call.onEvent?.("retry", call.earlier!.at(-1)!);
      // Each attempt is for whoever the route means, not for the instance that the last one was for.
      call.target = target;
      startedAt = sweep.now();
      outcome = await inner(call);
      if (replay !== undefined) await bringBack(call, replay, outcome, options, sweep);
    }
    replay?.drop();
    return unlessSeen(seen, outcome);
  };

function isWorthIt(call: Call, outcome: Outcome, { codes }: RetryOptions, parts: RetryParts): boolean {
  if (outcome.kind === "refused" || call.spent) return false;
  if (outcome.kind === "failed" && outcome.delivered === "no")
    return ELSEWHERE.has(outcome.code) || (outcome.isLocal === true && isWorthOther(call, parts));
  return isAsked(call, outcome, codes) && isRepeatable(call, parts.field);
}

/** What an app may have seen, and policy wants to have tried again. */
function isAsked(call: Call, outcome: Outcome, codes: RetryOptions["codes"]): boolean {
  if (codes === undefined || call.cancelled !== undefined || outcome.kind === "refused") return false;
  return outcome.kind === "replied" ? codes.has(outcome.status) : ON_THE_WAY.has(outcome.code);
}

/** The rest of a body is waited for so long, when its app has answered without it. */
const REST_MS = 1000;

/** Keeps a body that is still coming in, where it may be sent again. */
function replayOf(call: Call, options: RetryOptions, { field }: RetryParts): ReplayBody | undefined {
  const { head } = call;
  if (head.body.complete || options.attempts === 0 || options.codes === undefined) return undefined;
  if (head.upgrade !== undefined || !isIdempotent(call, field)) return undefined;
  const replay = new ReplayBody(head.body);
  head.body = replay;
  return replay;
}

/** Makes the call one that can be sent again, if its body has come to its end, or does within a moment. */
async function bringBack(
  call: Call,
  replay: ReplayBody,
  outcome: Outcome,
  { codes }: RetryOptions,
  sweep: Sweep,
): Promise<void> {
  if (call.head.body !== replay || !isAsked(call, outcome, codes)) return;
  if (replay.isOpen) {
    const wait = new Wait(call, sweep, REST_MS);
    replay.onSettled = () => wait.wake();
    await wait.ended;
    replay.onSettled = undefined;
  }
  if (replay.whole === undefined) return;
  call.head.body = replay.whole;
  call.spent = false;
  // The attempt that left it early has not seen its end.
  if (call.dueAt === Number.POSITIVE_INFINITY) call.onRequestEnded?.();
}

/**
 * The rate of one instance is used up, and another may have some left. Once, because all of them together have a rate,
 * too: calls that are above that must not be offered to each in turn.
 */
const isWorthOther = (call: Call, { hasOther }: RetryParts): boolean =>
  hasOther(call) && (call.earlier === undefined || call.earlier.every(({ code }) => code !== "rate-limited"));

/**
 * How long to wait before attempt `n` + 1, in ms; undefined when the app wants to be left alone for longer. Chance takes
 * at most half of the time that is left: an attempt that may come late is better than none, and what ends the call is
 * then its time (as the Gateway API's conformance tests have it).
 */
function pauseOf(
  outcome: Outcome,
  n: number,
  leftMs: number,
  options: RetryOptions,
  parts: RetryParts,
): number | undefined {
  const value = outcome.kind === "replied" ? parts.field(outcome.headers, "retry-after") : undefined;
  const askedMs = readRetryAfter(value, parts.unixMs()) ?? 0;
  if (askedMs > options.maxRetryAfterMs) return undefined;
  const leastMs = Math.max(options.minMs, askedMs);
  const jitterMs = Math.min(options.capMs, parts.random() * (2 ** n - 1) * options.baseMs);
  // On top of what was asked for: the same answer may have gone to many.
  return leastMs + Math.min(jitterMs, (leftMs - leastMs) / 2);
}

/** The budget is there to spare the callee: what did not reach it, or found nobody, costs it nothing. */
const burdens = (outcome: Outcome): boolean =>
  outcome.kind !== "failed" || outcome.delivered === "unknown" || ABOVE_A_LIMIT.has(outcome.code);
const ABOVE_A_LIMIT: ReadonlySet<Code> = new Set(["overloaded", "rate-limited"]);

/**
 * The app's answer stands as it is; and where no app has seen the call, so does the refusal: its code has the cure. What
 * it asks for besides (`Retry-After`, `RateLimit`) is kept in any case.
 */
function overBudget(call: Call, outcome: Outcome, isLesser: boolean): Outcome {
  if (outcome.kind !== "failed") return outcome;
  const isSeen = outcome.delivered === "unknown";
  const what = isSeen ? `${outcome.message} (${outcome.code})` : outcome.message;
  return {
    ...outcome,
    code: isSeen ? "retry-budget" : outcome.code,
    message: `${what}, and the retry budget of ${call.callee} is used up${isLesser ? " but for urgent calls" : ""}`,
  };
}

/** An app that may have seen an earlier attempt has seen the call, whatever became of the last. */
function unlessSeen(seen: boolean, outcome: Outcome): Outcome {
  if (!seen || outcome.kind !== "failed" || outcome.delivered === "unknown") return outcome;
  return { ...outcome, delivered: "unknown" } satisfies Failed;
}
