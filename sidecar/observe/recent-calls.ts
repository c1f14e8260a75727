import { type Code, meaningOf } from "../../src/protocol/code.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import type { Side } from "../../src/telemetry/side.ts";
import { fieldValue } from "../http/header-block.ts";
import type { Call, ChosenRule, EarlierAttempt } from "../stack/call.ts";
import { type Outcome, statusOf } from "../stack/outcome.ts";

/** What is kept of a call that has ended. */
export interface RecentCall {
  readonly side: Side;
  /** In ms of the monotonic clock. */
  readonly startedAt: number;
  /** As the next hop read them; they may hold secrets, and never leave the process. */
  readonly headers: string;
  readonly method: string;
  /** As the caller wrote it, with its query. */
  readonly path: string;
  readonly caller: string;
  /** The service that the caller named. */
  readonly asked: string;
  /** The one that was asked last. */
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
  /** The attempt that settled it, the first is 1. */
  readonly attempt: number;
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

/** What is known of a request that was refused before it was a call. */
export interface RefusedRequest {
  readonly headers: string;
  readonly method: string;
  readonly path: string;
  /** The name that it was for, as it stood there. */
  readonly host: string;
}

/** Accounts hold no longer names. */
const LONGEST_NAME = 63;

/** Of the fields and paths that one ring keeps, in characters: heads may be long. */
const MOST_TEXT = 4 * 1024 * 1024;

/**
 * The last calls of one side of a sidecar, and apart from them the last that policy or the mesh had a hand in, or that
 * failed: many good calls do not wash away the one that somebody asks about. Bodies are not kept. A call costs one object
 * and one store of it: to write into places that are there already was four times dearer, because each store of
 * something young into something old costs V8 an entry of its own. The request id is looked for when somebody asks.
 */
export class RecentCalls {
  readonly #side: Side;
  readonly #all: Ring;
  readonly #notable: Ring;

  /** @param size good calls kept, and as many again of the others */
  constructor(side: Side, size = 4096) {
    this.#side = side;
    this.#all = new Ring(size);
    this.#notable = new Ring(size);
  }

  add(call: Call, outcome: Outcome, ms: number): RecentCall {
    const { head } = call;
    const status = statusOf(outcome);
    const isAnswer = outcome.kind === "replied";
    const isPlain = isAnswer && status < 500 && call.marks === 0 && call.earlier === undefined;
    const ended: RecentCall = {
      side: this.#side,
      startedAt: call.startedAt,
      headers: head.headers,
      method: head.method,
      path: head.path,
      caller: head.caller,
      asked: head.callee,
      callee: call.callee,
      version: call.version,
      rule: call.rule,
      choice: call.choice,
      injected: call.injected,
      mirrored: call.mirrored,
      access: call.access,
      marks: call.marks,
      begun: call.begun,
      attempt: call.attempt,
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
    (isPlain ? this.#all : this.#notable).keep(ended);
    return ended;
  }

  /** A request that never was a call. */
  addRefused(
    { headers, method, path, host }: RefusedRequest,
    code: Code,
    message: string,
    now: number,
  ): void {
    const name = host.slice(0, LONGEST_NAME);
    this.#notable.keep({
      ...{ side: this.#side, startedAt: now, headers, method, path, caller: "", version: "" },
      ...{ asked: name, callee: name, attempt: 1 },
      ...{ rule: undefined, choice: "", injected: "", mirrored: false, access: "", marks: 0 },
      ...{ begun: 0, instance: "", lastMs: undefined, earlier: undefined, status: meaningOf(code).status },
      ...{ code, message, ms: 0, waitedMs: 0, traceparent: undefined },
    });
  }

  /** The calls with that `x-request-id`, oldest first. */
  find(requestId: string): RecentCall[] {
    return this.all()
      .filter(({ headers }) => fieldValue(headers, HEADER.requestId) === requestId)
      .sort((a, b) => a.startedAt - b.startedAt);
  }

  /** In no order. */
  all(): RecentCall[] {
    return [...this.#all.kept, ...this.#notable.kept].filter((call) => call !== undefined);
  }
}

/** So many places, of which the oldest is used anew, and so much text. */
class Ring {
  readonly kept: (RecentCall | undefined)[] = [];
  readonly #size: number;
  #next = 0;
  #oldest = 0;
  #text = 0;

  constructor(size: number) {
    this.#size = size;
  }

  keep(call: RecentCall): void {
    if (this.kept[this.#next] !== undefined) this.#dropOldest();
    this.kept[this.#next] = call;
    this.#next = this.#after(this.#next);
    this.#text += lengthOf(call);
    while (this.#text > MOST_TEXT) this.#dropOldest();
  }

  #dropOldest(): void {
    this.#text -= lengthOf(this.kept[this.#oldest]!);
    this.kept[this.#oldest] = undefined;
    this.#oldest = this.#after(this.#oldest);
  }

  #after(place: number): number {
    return place + 1 === this.#size ? 0 : place + 1;
  }
}

const lengthOf = ({ headers, path }: RecentCall): number => headers.length + path.length;
