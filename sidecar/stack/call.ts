import type { Code } from "../../src/protocol/code.ts";
import type { Target } from "../../src/subjects/subjects.ts";
import type { Body } from "./body.ts";
import { bitOf, type CallEvent, type Mark } from "./marks.ts";
import type { Outcome } from "./outcome.ts";

/** An answer before the answer (1xx but 101): 100 Continue, 103 Early Hints. */
export interface Interim {
  readonly status: number;
  readonly reason: string;
  readonly headers: string;
}

/** What a call is made of. */
export interface CallHead {
  readonly caller: string;
  /** The service that the caller named; `Call.callee` is the one that is asked. */
  readonly callee: string;
  readonly target: Target;
  readonly method: string;
  /** Origin-form target (RFC 9112 §3.2.1), or `*`, as the caller wrote it. */
  readonly path: string;
  /**
   * Header lines, each ended by CR LF, without hop-by-hop fields; case, order and repeats as the app wrote them.
   * Layers add what the next hop shall read.
   */
  headers: string;
  /** Layers may put another around it before it is read. */
  body: Body;
  /** The value of `Upgrade` when the caller asks to change protocols; the bodies of a 101 are the tunnel. */
  readonly upgrade: string | undefined;
  /**
   * Time for the call: from the end of the request to the head of the answer; Infinity for no limit. A body that is
   * on its way is under the idle limit instead, so that uploads, downloads and event streams may take their time.
   */
  readonly timeoutMs: number;
}

/** The rule of a route that took a call. */
export interface ChosenRule {
  /** `route/rule`; empty when no route is attached. */
  readonly name: string;
  /** What it matched, in words. */
  readonly why: string;
}

/** An attempt that was not the last. */
export interface EarlierAttempt {
  readonly instance: string;
  /** Of the mesh; empty when the app answered. */
  readonly code: Code | "";
  readonly status: number;
  /** It began so long after the call did. */
  readonly afterMs: number;
  readonly ms: number;
}

/** One call on its way through the layers, from the first to the last attempt. */
export class Call {
  readonly head: CallHead;
  readonly startedAt: number;
  /** Where the next attempt goes: as the caller asked, or as a route decided. */
  callee: string;
  target: Target;
  /** The version that is asked, as far as it is known; empty when it is not. */
  version: string;
  /** Instances that failed it already; made only when there are any. */
  tried: string[] | undefined;
  /** As the next hop shall read it. */
  path: string;
  /** The rule that took it; undefined on the callee's side. */
  rule: ChosenRule | undefined;
  /** The backend that was chosen and why, in words; empty when there was no choice. */
  choice = "";
  /** When the time is used up, in ms of the monotonic clock; Infinity while the request is still coming in. */
  dueAt: number;
  sweepSlot = -1;
  /** 1 for the first attempt; each further attempt counts it up. */
  attempt = 1;
  /** Attempts that went to the bus: one fewer than `attempt` while the next is waited for. */
  begun = 0;
  /** Whose word the time for the call is. */
  limitedBy = "";
  /** When the time of the present attempt is used up; Infinity for no limit but that of the call. */
  attemptDueAt = Number.POSITIVE_INFINITY;
  /** The attempts before the present one; made only when there are any. */
  earlier: EarlierAttempt[] | undefined;
  /** How long the last attempt took, in ms, when others ran beside it; undefined: what the others left of the time. */
  lastMs: number | undefined;
  /** Time in ms that it spent waiting on purpose: back-off, an injected delay, a broker that was away. */
  waitedMs = 0;
  /** Faults that policy put in: `delay`, `abort` or both; empty for none. */
  injected = "";
  /** What authorization had against it, in words that name the rule or the broker, for who runs the service; else empty. */
  access = "";
  /** What policy did with it, as bits (`marksOf`). */
  marks = 0;
  /** A copy, whose answer nobody waits for (RequestMirror). */
  mirrored = false;
  /** Who has, or had, the last attempt; empty while nobody has said so. */
  instance = "";
  /** Body bytes have left that are not kept: no further attempt can send the same request. */
  spent = false;
  /** Set once: the caller left, or the deadline passed. */
  cancelled: Code | undefined;
  /** Whoever works on the call at the moment, and must stop when it is cancelled. */
  onCancel: ((code: Code) => void) | undefined;
  /** Told when a request that was still coming in has been handed on in full. */
  onRequestEnded: (() => void) | undefined;
  /** Where interim answers go; absent when the caller cannot take any (HTTP/1.0). */
  onInterim: ((interim: Interim) => void) | undefined;
  /** Told of what happens to a call whose span is recorded; absent for all others, so that nothing is made for them. */
  onEvent: ((name: string, event: CallEvent) => void) | undefined;
  /** What the token of its end user says, once it has been checked; never from anywhere else. */
  claims: Readonly<Record<string, unknown>> | undefined;
  /** `traceparent` as it came, and once the call is recorded, as it goes to the next hop. */
  traceparent: string | undefined;

  constructor(head: CallHead, now: number) {
    this.head = head;
    this.startedAt = now;
    this.callee = head.callee;
    this.target = head.target;
    this.version = head.target.kind === "version" ? head.target.version : "";
    this.path = head.path;
    // What follows a wish to change protocols is the tunnel, not the request.
    const whole = head.body.complete || head.upgrade !== undefined;
    this.dueAt = whole ? now + head.timeoutMs : Number.POSITIVE_INFINITY;
  }

  /** Who has the present attempt, or else whom it was addressed to; empty when the broker chooses. */
  get asked(): string {
    const { instance, target } = this;
    return instance === "" && target.kind === "instance" ? target.instance : instance;
  }

  /** What is left of the time, for the call and for its present attempt, in whole ms. */
  remainingMs(now: number): number {
    return Math.max(0, Math.ceil(Math.min(this.dueAt - now, this.attemptDueAt - now, this.head.timeoutMs)));
  }

  /** Notes what policy did with it. */
  note(mark: Mark, ms?: number, instance = ""): void {
    this.marks |= bitOf(mark);
    this.onEvent?.(mark, { instance, ms });
  }

  hasNote(mark: Mark): boolean {
    return (this.marks & bitOf(mark)) !== 0;
  }

  /** The sweep found the time used up. */
  due(): void {
    this.cancel("deadline");
  }

  /** Ends the call early, once; the present attempt then ends with a failure of this code. */
  cancel(code: Code): void {
    if (this.cancelled !== undefined) return;
    this.cancelled = code;
    this.onCancel?.(code);
  }
}

/** Answers a call. Rejects only for a bug. */
export type Service = (call: Call) => Promise<Outcome>;
/** Wraps a service. Applied when policy changes, never per call. */
export type Layer = (inner: Service) => Service;
/** A synchronous verdict on the way in; undefined lets the call pass. */
export type Gate = (call: Call) => Extract<Outcome, { kind: "refused" }> | undefined;
/** Sees each finished call once, and changes nothing. */
export type Observer = (call: Call, outcome: Outcome) => void;
