import type { Bus } from "../../src/bus/bus.ts";
import { parseReply, whoIsThere } from "../../src/subjects/reply.ts";
import type { Sweep, Timed } from "../stack/sweep.ts";
import type { Serving } from "./serving.ts";

/** How often callers are asked for, and how old a call is before its caller is. */
export const ASK_EVERY_MS = 2000;

/** When a caller that was not there is asked for again. */
export const ASK_AGAIN_MS = 1000;

export interface CallerWatchOptions {
  readonly bus: Bus;
  readonly sweep: Sweep;
  readonly service: string;
  readonly instance: string;
  /** Runs for each call whose caller has said that it waits: those that take long. */
  readonly each: (visit: (serving: Serving) => void) => void;
}

/**
 * Finds out that a caller died without a word, so that its calls hold no place in the app for ever. The broker knows:
 * it tells "no responders" of a message to a caller's reply subjects once nobody subscribes to them. One empty message
 * for each caller instance, whatever the number of its calls; a caller that lives takes it for an answer to none of
 * them. No call that is answered within `ASK_EVERY_MS` costs anything.
 *
 * Gone is who was missing twice in a row: servers of a cluster may hear of the end of an old connection before they
 * hear of the one that replaced it.
 */
export class CallerWatch implements Timed {
  dueAt = Number.POSITIVE_INFINITY;
  sweepSlot = -1;
  readonly #options: CallerWatchOptions;
  readonly #stop: () => void;
  #round = 0;
  /** The round in which a caller instance was missing last. */
  readonly #missing = new Map<string, number>();

  constructor(options: CallerWatchOptions) {
    const { bus, service, instance } = options;
    this.#options = options;
    const { answers } = whoIsThere(service, instance);
    // Plain: the broker tells "no responders" to plain subscriptions only.
    const subscription = bus.subscribe(answers, undefined, ({ subject, noResponders }) => {
      if (noResponders) this.#onMissing(subject.slice(answers.length - 1));
    });
    this.#stop = () => subscription.unsubscribe();
  }

  /** There is a call that takes long. */
  begin(): void {
    if (this.sweepSlot < 0) this.#askIn(ASK_EVERY_MS);
  }

  due(): void {
    const { bus, sweep, service, instance, each } = this.#options;
    this.#round++;
    for (const [caller, round] of this.#missing) if (round < this.#round - 1) this.#missing.delete(caller);
    const before = sweep.now() - ASK_EVERY_MS;
    const { ask } = whoIsThere(service, instance);
    const asked = new Set<string>();
    let isBusy = false;
    each((serving) => {
      isBusy = true;
      if (serving.call.startedAt > before) return;
      const caller = nameOf(serving);
      if (asked.has(caller)) return;
      asked.add(caller);
      const { to, reply } = ask(caller);
      bus.send(to, NOTHING, reply);
    });
    if (isBusy) this.#askIn(ASK_EVERY_MS);
  }

  close(): void {
    this.#options.sweep.delete(this);
    this.#stop();
  }

  #askIn(ms: number): void {
    this.dueAt = this.#options.sweep.now() + ms;
    this.#options.sweep.add(this);
  }

  #onMissing(caller: string): void {
    if (this.#missing.get(caller) !== this.#round - 1) {
      this.#missing.set(caller, this.#round);
      this.#askIn(ASK_AGAIN_MS);
      return;
    }
    this.#missing.delete(caller);
    this.#options.each((serving) => {
      if (nameOf(serving) === caller) serving.end("cancelled");
    });
  }
}

/** `<caller>.<instance>`. */
function nameOf({ reply }: Serving): string {
  const { caller, callerInstance } = parseReply(reply)!;
  return `${caller}.${callerInstance}`;
}

const NOTHING = Buffer.alloc(0);
