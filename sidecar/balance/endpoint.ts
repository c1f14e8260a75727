import type { InstanceRow } from "../../src/registry/wire.ts";
import type { Guard, GuardState } from "../breaker/guard.ts";
import { verdictOf } from "../breaker/verdict.ts";
import type { Call } from "../stack/call.ts";
import type { Failed, Outcome, Replied } from "../stack/outcome.ts";
import type { PeakLatency } from "./latency.ts";

/** Why an endpoint is passed over for a moment, without being held to have failed. */
export type Mark = "full" | "limited" | "leaving" | "down" | "absent";

/** What it says that no app has seen the call, for each code that it is refused with. */
const MARKS: Readonly<Record<string, Mark>> = {
  overloaded: "full",
  // Also by its share of a rate of all: another may have some of its own left, and calls that go there waste none.
  "rate-limited": "limited",
  draining: "leaving",
  "app-unreachable": "down",
  "no-instance": "absent",
};

/** A mark stays for this long, up to twice as long by chance: those turned away shall not come back together. */
const MARK_MS: Readonly<Record<Mark, number>> = {
  full: 100,
  limited: 100,
  leaving: 100,
  down: 100,
  absent: 1000,
};

/** Failures and `Retry-After` count as latency, but no more than this: to come down from it takes a minute. */
const MOST_PENALTY_MS = 5000;

/** What endpoints of one service share. */
export interface EndpointParts {
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Of a 429 or 503; undefined when it has none. */
  readonly retryAfterMs: (answer: Replied) => number | undefined;
  /** Whether a call may be sent is now another matter. */
  readonly changed: () => void;
}

/** An instance as this caller sees it. Times are in ms of the monotonic clock. */
export class Endpoint {
  readonly instance: string;
  readonly version: string;
  readonly zone: string | undefined;
  /** Names one start of the instance. */
  readonly startedAt: number;
  readonly target: Call["target"];
  /** When it warms up from; -Infinity for one that is no news. */
  readonly newSince: number;
  readonly latency: PeakLatency;
  /** Calls under way, to the head of their answer. */
  outstanding = 0;
  /** Undefined when no breaker is configured. */
  guard: Guard | undefined;
  mark: Mark | undefined;
  markedUntil = 0;
  readonly #parts: EndpointParts;

  constructor(row: InstanceRow, parts: EndpointParts, latency: PeakLatency, newSince: number) {
    this.instance = row.instance;
    this.version = row.version;
    this.zone = row.zone;
    this.startedAt = row.startedAt;
    this.target = { kind: "instance", instance: row.instance };
    this.newSince = newSince;
    this.latency = latency;
    this.#parts = parts;
  }

  get state(): GuardState {
    return this.guard?.state ?? "admitting";
  }

  /** Whether the breaker lets a call through. */
  admits(now: number): boolean {
    return this.guard === undefined || this.guard.admits(now);
  }

  /** Its ejection is over, and nobody has tried it yet. */
  wantsProbe(now: number): boolean {
    return this.guard !== undefined && this.guard.state !== "admitting" && this.guard.admits(now);
  }

  isMarked(now: number): boolean {
    return now < this.markedUntil;
  }

  /** A call is sent. True when it is the probe; that has to be told again at its end. */
  began(now: number): boolean {
    this.outstanding++;
    return this.guard?.began(now) ?? false;
  }

  /** @param outcome undefined after a bug, which says nothing */
  ended(outcome: Outcome | undefined, ms: number, now: number, isProbe: boolean): void {
    this.outstanding--;
    const verdict = outcome === undefined ? "none" : verdictOf(outcome);
    if (verdict === "success") {
      // What was before the ejection says little of what is now.
      if (isProbe) this.latency.restart(ms, now);
      else this.latency.observe(ms, now);
    } else if (verdict === "failure") this.latency.observeAtLeast(this.#failureMs(ms, now), now);
    // One that was left had the time that it had.
    else if (verdict === "outrun" || isCancelled(outcome)) this.latency.observeAtLeast(ms, now);
    if (outcome?.kind === "replied") this.#heedRetryAfter(outcome, now);
    else if (outcome?.kind === "failed" && outcome.delivered === "no") this.#note(outcome, now);
    this.guard?.ended(verdict, now, isProbe);
  }

  /** One that fails fast must not attract calls: each failure makes it look twice as slow. */
  #failureMs(ms: number, now: number): number {
    return Math.max(ms, Math.min(MOST_PENALTY_MS, 2 * (this.latency.at(now) + 1)));
  }

  /** Else fast refusals would attract calls (Linkerd's load biaser). */
  #heedRetryAfter(answer: Replied, now: number): void {
    if (answer.status !== 429 && answer.status !== 503) return;
    const ms = this.#parts.retryAfterMs(answer);
    if (ms !== undefined) this.latency.observeAtLeast(Math.min(ms, MOST_PENALTY_MS), now);
  }

  #note({ code, retryAfterMs }: Failed, now: number): void {
    const mark = MARKS[code];
    if (mark === undefined) return;
    const forMs = mark === "limited" ? Math.min(MARK_MS.limited, retryAfterMs ?? 0) : MARK_MS[mark];
    this.mark = mark;
    this.markedUntil = now + forMs * (1 + this.#parts.random());
    this.#parts.changed();
  }
}

const isCancelled = (outcome: Outcome | undefined): boolean =>
  outcome?.kind === "failed" && outcome.code === "cancelled" && outcome.delivered === "unknown";
