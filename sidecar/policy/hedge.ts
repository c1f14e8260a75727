import type { Code } from "../../src/protocol/code.ts";
import { Call, type Layer, type Service } from "../stack/call.ts";
import { failed, type Outcome } from "../stack/outcome.ts";
import type { Sweep, Timed } from "../stack/sweep.ts";
import { lastAttempt, whereTimeWent } from "../stack/where-time-went.ts";
import { isRepeatable, type ReadField } from "./idempotent.ts";
import type { LatencyQuantile } from "./latency-quantile.ts";
import { noteAttempt } from "./note-attempt.ts";
import type { RetryBudget } from "./retry-budget.ts";

export interface HedgeOptions {
  /** Attempts besides the first, each so long after the one before as the first one is given. */
  readonly attempts: number;
  /** The time an attempt is given before the next begins, in ms; or what it is learnt from, per service. */
  readonly delay: number | LatencyQuantile;
}

export interface HedgeParts {
  readonly sweep: Sweep;
  /** Of the service that is called: a hedge is a further attempt like any other. */
  readonly budget: RetryBudget;
  readonly field: ReadField;
  /** Whether the service refuses it before others, and so has less of the budget for it. */
  readonly isLesser: (call: Call) => boolean;
  /** Tells a further attempt of one that is under way, so that it goes to another instance. */
  readonly apart: (next: Call, running: Call) => void;
  /** Told of each further attempt when it begins, and of those whose answer was taken. */
  readonly hedged: (what: "begun" | "won") => void;
}

/**
 * Asks another instance when one takes longer than usual, and takes the first answer (Dean & Barroso, "The Tail at
 * Scale"). Only for calls that are safe to repeat and are here in full. The others are cancelled, which their apps
 * hear of: one that began before the winner as `outrun`, which its breaker hears of, too. A failure does not count as
 * an answer while another attempt is under way.
 *
 * Goes inside of `retry`, which sees all of it as one attempt, and outside of all that belongs to one attempt.
 */
export const hedge =
  (options: HedgeOptions, parts: HedgeParts): Layer =>
  (inner) =>
  async (call) => {
    const { delay } = options;
    const { sweep, field } = parts;
    if (call.cancelled !== undefined || !isRepeatable(call, field)) return inner(call);
    const startedAt = sweep.now();
    const delayMs = typeof delay === "number" ? delay : delay.value(startedAt);
    if (delayMs !== undefined && startedAt + delayMs < call.dueAt)
      return new Race(call, inner, delayMs, options, parts).outcome;
    const outcome = await inner(call);
    if (typeof delay === "object" && isAnswer(outcome)) delay.add(sweep.now() - startedAt, startedAt);
    return outcome;
  };

/** Worth to be taken while another attempt may still do better. */
const isAnswer = (outcome: Outcome): boolean => outcome.kind === "replied" && outcome.status < 500;

/** One attempt of several. */
interface Runner {
  readonly call: Call;
  readonly startedAt: number;
  outcome: Outcome | undefined;
  endedAt: number;
}

/** The attempts of one call that run side by side. Each has a call of its own, so that each can be stopped alone. */
class Race implements Timed {
  readonly outcome: Promise<Outcome>;
  dueAt = Number.POSITIVE_INFINITY;
  sweepSlot = -1;
  readonly #call: Call;
  readonly #inner: Service;
  readonly #delayMs: number;
  readonly #options: HedgeOptions;
  readonly #parts: HedgeParts;
  readonly #runners: Runner[] = [];
  #running = 0;
  #stopped = false;
  #settled = false;
  #resolve!: (outcome: Outcome) => void;
  #reject!: (bug: unknown) => void;

  constructor(call: Call, inner: Service, delayMs: number, options: HedgeOptions, parts: HedgeParts) {
    this.#call = call;
    this.#inner = inner;
    this.#delayMs = delayMs;
    this.#options = options;
    this.#parts = parts;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    call.onCancel = (code) => this.#stop(code);
    this.#run(parts.sweep.now());
  }

  /** The last attempt has had its time. */
  due(): void {
    const now = this.#parts.sweep.now();
    const { budget, isLesser } = this.#parts;
    if (!budget.take(now, isLesser(this.#call))) {
      this.#call.note("over-budget");
      return;
    }
    this.#parts.hedged("begun");
    this.#call.note("hedged");
    this.#run(now);
  }

  #run(now: number): void {
    const runners = this.#runners;
    const branch = branchOf(this.#call, runners.length);
    for (const other of runners) this.#parts.apart(branch, other.call);
    const runner: Runner = { call: branch, startedAt: now, outcome: undefined, endedAt: now };
    runners.push(runner);
    this.#running++;
    this.#inner(branch).then(
      (outcome) => this.#ended(runner, outcome),
      (bug) => {
        this.#stop("internal");
        this.#settled = true;
        this.#reject(bug);
      },
    );
    if (runners.length > this.#options.attempts) return;
    this.dueAt = now + this.#delayMs;
    this.#parts.sweep.add(this);
  }

  #ended(runner: Runner, outcome: Outcome): void {
    runner.outcome = outcome;
    runner.endedAt = this.#parts.sweep.now();
    this.#running--;
    this.#learn(runner, outcome);
    if (this.#settled) drop(outcome);
    // Stopped ones end at once, and the last of them is what the call was doing.
    else if (this.#stopped ? this.#running === 0 : isAnswer(outcome)) this.#settle(runner);
    else if (this.#running === 0) this.#settle(bestOf(this.#runners, runner));
  }

  /**
   * Of the first attempt only: the others begin because it is slow, and would tell of its better days. One that was
   * stopped took at least its time, which says something when that is more than the usual.
   */
  #learn(runner: Runner, outcome: Outcome): void {
    const { delay } = this.#options;
    if (typeof delay === "number" || runner !== this.#runners[0]) return;
    const now = this.#parts.sweep.now();
    const ms = now - runner.startedAt;
    const isLate = ms >= this.#delayMs && outcome.kind === "failed" && STOPPED.has(outcome.code);
    if (isLate || isAnswer(outcome)) delay.add(ms, now);
  }

  /** The whole call ends, or the present attempt of it. */
  #stop(code: Code): void {
    this.#stopped = true;
    this.#parts.sweep.delete(this);
    for (const { call } of this.#runners) call.cancel(code);
  }

  #settle(winner: Runner): void {
    this.#settled = true;
    this.#parts.sweep.delete(this);
    const isWon = isAnswer(winner.outcome!);
    // It had the delay as its head start; of one that began later than the winner nothing can be said.
    const isOutrun = ({ startedAt }: Runner): boolean => isWon && startedAt < winner.startedAt;
    for (const runner of this.#runners) {
      if (runner.outcome === undefined) runner.call.cancel(isOutrun(runner) ? "outrun" : "cancelled");
      else if (runner !== winner) drop(runner.outcome);
    }
    const { call } = winner;
    const now = this.#parts.sweep.now();
    adopt(this.#call, this.#runners, winner, now);
    // The answer may go on for long after its head.
    this.#call.onCancel = call.onCancel && ((code) => call.cancel(code));
    const outcome = winner.outcome!;
    if (winner !== this.#runners[0] && isWon) {
      this.#parts.hedged("won");
      this.#call.note("hedge-won", undefined, call.instance);
    }
    this.#resolve(this.#runners.length > 1 ? told(this.#call, outcome, now) : outcome);
  }
}

/** An attempt whose time is over tells of itself only. */
function told(call: Call, outcome: Outcome, now: number): Outcome {
  if (outcome.kind !== "failed" || !TIME.has(outcome.code)) return outcome;
  const last = lastAttempt(call, call.lastMs!, call.instance);
  const message = whereTimeWent(call, now, last, outcome.code === "deadline");
  return { ...outcome, message };
}
const TIME: ReadonlySet<string> = new Set(["deadline", "attempt-timeout"]);

/** How an attempt ends that somebody else ended. */
const STOPPED: ReadonlySet<string> = new Set(["outrun", "cancelled", "attempt-timeout", "deadline"]);

const drop = (outcome: Outcome): void => {
  if (outcome.kind === "replied") outcome.body.abandon("cancelled");
};

/** When all have failed: an app's answer rather than none, and what an app may have seen rather than what none has. */
const bestOf = (runners: readonly Runner[], last: Runner): Runner =>
  [last, ...runners].find(({ outcome }) => outcome!.kind === "replied") ??
  runners.findLast(({ outcome }) => outcome!.kind === "failed" && outcome!.delivered === "unknown") ??
  last;

/** The call as attempt number `index`, from 0, of those that run side by side. */
function branchOf(call: Call, index: number): Call {
  const branch = new Call(call.head, call.startedAt);
  branch.callee = call.callee;
  branch.target = call.target;
  branch.version = call.version;
  branch.tried = call.tried?.slice();
  branch.path = call.path;
  branch.rule = call.rule;
  branch.choice = call.choice;
  branch.dueAt = call.dueAt;
  branch.attempt = call.attempt + index;
  branch.attemptDueAt = call.attemptDueAt;
  branch.earlier = call.earlier;
  branch.limitedBy = call.limitedBy;
  branch.waitedMs = call.waitedMs;
  branch.injected = call.injected;
  branch.marks = call.marks;
  branch.onEvent = call.onEvent;
  branch.traceparent = call.traceparent;
  // Early hints of two attempts would be one too many.
  if (index === 0) branch.onInterim = call.onInterim;
  return branch;
}

/** Makes the call what the winner is, and notes the others as attempts before it. */
function adopt(call: Call, runners: readonly Runner[], winner: Runner, now: number): void {
  const won = winner.call;
  call.callee = won.callee;
  call.target = won.target;
  call.version = won.version;
  call.tried = won.tried;
  call.choice = won.choice;
  call.instance = won.instance;
  call.waitedMs = won.waitedMs;
  call.attempt += runners.length - 1;
  call.lastMs = runners.length > 1 ? winner.endedAt - winner.startedAt : undefined;
  for (const runner of runners) {
    const { call: branch, startedAt, outcome = endOf(branch) } = runner;
    call.marks |= branch.marks;
    call.begun += branch.begun;
    call.spent ||= branch.spent;
    const endedAt = runner.outcome === undefined ? now : runner.endedAt;
    if (runner !== winner) noteAttempt(call, branch.asked, outcome, startedAt, endedAt - startedAt);
  }
}

/** It was stopped a moment ago, and has not said so yet. */
const endOf = ({ cancelled = "cancelled" }: Call): Outcome =>
  failed(cancelled, "unknown", "another attempt was answered first");
