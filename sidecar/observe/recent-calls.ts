import type { Code } from "../../src/protocol/code.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import { fieldValue } from "../http/header-block.ts";
import type { Call, ChosenRule, EarlierAttempt } from "../stack/call.ts";
import { type Outcome, statusOf } from "../stack/outcome.ts";

/** What is kept of a call that has ended. */
export interface RecentCall {
  /** In ms of the monotonic clock. */
  readonly startedAt: number;
  /** As the next hop read them; they may hold secrets, and never leave the process. */
  readonly headers: string;
  readonly method: string;
  /** As the caller wrote it, with its query. */
  readonly path: string;
  readonly caller: string;
  readonly callee: string;
  /** Empty when none was chosen. */
  readonly version: string;
  readonly rule: ChosenRule | undefined;
  readonly choice: string;
  readonly injected: string;
  readonly mirrored: boolean;
  /** What authorization had against it; else empty. */
  readonly access: string;
  /** What policy did with it (`marksOf`). */
  readonly marks: number;
  /** How many attempts were begun; none when policy answered it, or it ended while it waited. */
  readonly begun: number;
  readonly instance: string;
  /** How long the last attempt took; undefined: what the others left of `ms`. */
  readonly lastMs: number | undefined;
  readonly earlier: readonly EarlierAttempt[] | undefined;
  readonly status: number;
  /** Empty when the app answered. */
  readonly code: Code | "";
  readonly message: string;
  readonly ms: number;
  /** Of `ms`, what it spent waiting on purpose. */
  readonly waitedMs: number;
  readonly traceparent: string | undefined;
}

/**
 * The last calls of one side of a sidecar, and apart from them the last that failed, so that many good calls do not
 * wash away the one that somebody asks about. Bodies are not kept. A call costs one object and one store of it: to
 * write into places that are there already was four times dearer, because each store of something young into something
 * old costs V8 an entry of its own. The request id is looked for when somebody asks.
 */
export class RecentCalls {
  readonly #all: Ring;
  readonly #failed: Ring;

  /** @param size calls kept, and a quarter of it again of those that failed */
  constructor(size = 1024) {
    this.#all = new Ring(size);
    this.#failed = new Ring(Math.ceil(size / 4));
  }

  add(call: Call, outcome: Outcome, ms: number): RecentCall {
    const { head } = call;
    const status = statusOf(outcome);
    const isAnswer = outcome.kind === "replied";
    const ended: RecentCall = {
      startedAt: call.startedAt,
      headers: head.headers,
      method: head.method,
      path: head.path,
      caller: head.caller,
      callee: call.callee,
      version: call.version,
      rule: call.rule,
      choice: call.choice,
      injected: call.injected,
      mirrored: call.mirrored,
      access: call.access,
      marks: call.marks,
      begun: call.begun,
      instance: isAnswer ? outcome.instance : call.instance,
      lastMs: call.lastMs,
      earlier: call.earlier,
      status,
      code: isAnswer ? "" : outcome.code,
      message: isAnswer ? "" : outcome.message,
      ms,
      waitedMs: call.waitedMs,
      traceparent: call.traceparent,
    };
    (status >= 500 ? this.#failed : this.#all).keep(ended);
    return ended;
  }

  /** The calls with that `x-request-id`, oldest first. */
  find(requestId: string): RecentCall[] {
    return this.all()
      .filter(({ headers }) => fieldValue(headers, HEADER.requestId) === requestId)
      .sort((a, b) => a.startedAt - b.startedAt);
  }

  /** In no order. */
  all(): RecentCall[] {
    return [...this.#all.kept, ...this.#failed.kept];
  }
}

/** So many places, of which the oldest is used anew. */
class Ring {
  readonly kept: RecentCall[] = [];
  readonly #size: number;
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  keep(call: RecentCall): void {
    this.kept[this.#next] = call;
    this.#next = this.#next + 1 === this.#size ? 0 : this.#next + 1;
  }
}
