import type { RecentCall } from "./recent-calls.ts";

const KEPT = 16;

/**
 * What is written of a call is the same for many others, but for its time, its path and its ids. That part is made once:
 * to make it anew was most of the cost of a line of the access log, and of a span.
 */
export class MadeOfAlike<Made> {
  readonly #make: (call: RecentCall) => Made;
  readonly #kept: { readonly call: RecentCall; readonly made: Made }[] = [];
  #next = 0;

  /** @param make reads only what `areAlike` compares */
  constructor(make: (call: RecentCall) => Made) {
    this.#make = make;
  }

  of(call: RecentCall): Made {
    for (const one of this.#kept) if (areAlike(one.call, call)) return one.made;
    const made = this.#make(call);
    this.#kept[this.#next] = { call, made };
    this.#next = (this.#next + 1) % KEPT;
    return made;
  }
}

/** What tells most calls apart comes first. */
const areAlike = (a: RecentCall, b: RecentCall): boolean =>
  a.instance === b.instance &&
  a.callee === b.callee &&
  a.caller === b.caller &&
  a.status === b.status &&
  a.method === b.method &&
  a.rule === b.rule &&
  a.version === b.version &&
  a.side === b.side &&
  a.asked === b.asked &&
  a.attempt === b.attempt &&
  a.waitedMs === b.waitedMs &&
  a.code === b.code &&
  a.injected === b.injected &&
  a.access === b.access &&
  a.mirrored === b.mirrored;
