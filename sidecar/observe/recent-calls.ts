import type { Code } from "../../src/protocol/code.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import { fieldValue } from "../http/header-block.ts";
import type { Call, ChosenRule, EarlierAttempt } from "../stack/call.ts";
import { type Outcome, statusOf } from "../stack/outcome.ts";

/** What is kept of a call that has ended. */
export interface RecentCall {
  /** In ms of the monotonic clock. */
  startedAt: number;
  /** As the next hop read them; they may hold secrets, and never leave the process. */
  headers: string;
  method: string;
  /** As the caller wrote it, with its query. */
  path: string;
  caller: string;
  callee: string;
  /** Empty when none was chosen. */
  version: string;
  rule: ChosenRule | undefined;
  choice: string;
  injected: string;
  mirrored: boolean;
  /** How many attempts were begun; none when policy answered it, or it ended while it waited. */
  begun: number;
  instance: string;
  earlier: readonly EarlierAttempt[] | undefined;
  status: number;
  /** Empty when the app answered. */
  code: Code | "";
  message: string;
  ms: number;
  /** Of `ms`, what it spent waiting on purpose. */
  waitedMs: number;
  traceparent: string | undefined;
}

/**
 * The last calls of one side of a sidecar, and apart from them the last that failed, so that many good calls do not
 * wash away the one that somebody asks about. Bodies are not kept. A call costs some stores into a place that is there
 * already; the request id is looked for when somebody asks.
 */
export class RecentCalls {
  readonly #all: Ring;
  readonly #failed: Ring;

  /** @param size calls kept, and a quarter of it again of those that failed */
  constructor(size = 1024) {
    this.#all = new Ring(size);
    this.#failed = new Ring(Math.ceil(size / 4));
  }

  add(call: Call, outcome: Outcome, ms: number): void {
    const status = statusOf(outcome);
    const kept = (status >= 500 ? this.#failed : this.#all).next();
    const { head } = call;
    kept.startedAt = call.startedAt;
    kept.headers = head.headers;
    kept.method = head.method;
    kept.path = head.path;
    kept.caller = head.caller;
    kept.callee = call.callee;
    kept.version = call.version;
    kept.rule = call.rule;
    kept.choice = call.choice;
    kept.injected = call.injected;
    kept.mirrored = call.mirrored;
    kept.earlier = call.earlier;
    kept.begun = call.begun;
    kept.status = status;
    kept.ms = ms;
    kept.waitedMs = call.waitedMs;
    kept.traceparent = call.traceparent;
    if (outcome.kind === "replied") {
      kept.instance = outcome.instance;
      kept.code = "";
      kept.message = "";
    } else {
      kept.instance = call.instance;
      kept.code = outcome.code;
      kept.message = outcome.message;
    }
  }

  /** The calls with that `x-request-id`, oldest first. */
  find(requestId: string): RecentCall[] {
    return [...this.#all.kept(), ...this.#failed.kept()]
      .filter(({ headers }) => fieldValue(headers, HEADER.requestId) === requestId)
      .sort((a, b) => a.startedAt - b.startedAt);
  }
}

/** So many places, of which the oldest is used anew. */
class Ring {
  readonly #size: number;
  readonly #places: RecentCall[] = [];
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  next(): RecentCall {
    const at = this.#next;
    this.#next = at + 1 === this.#size ? 0 : at + 1;
    const place = this.#places[at];
    if (place !== undefined) return place;
    const made = emptyPlace();
    this.#places.push(made);
    return made;
  }

  kept(): readonly RecentCall[] {
    return this.#places;
  }
}

const emptyPlace = (): RecentCall => ({
  ...{
    startedAt: 0,
    headers: "",
    method: "",
    path: "",
    caller: "",
    callee: "",
    version: "",
    rule: undefined,
  },
  ...{
    choice: "",
    injected: "",
    mirrored: false,
    begun: 0,
    instance: "",
    earlier: undefined,
    status: 0,
    code: "",
  },
  ...{ message: "", ms: 0, waitedMs: 0, traceparent: undefined },
});
