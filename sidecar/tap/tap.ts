import type { Bus } from "../../src/bus/bus.ts";
import { type Facts, where } from "../../src/control/tap/where.ts";
import { fitCall, type TapOrder, type TappedCall, type TapReport } from "../../src/control/tap/wire.ts";
import type { Clock } from "../../src/registry/clock.ts";
import { pack } from "../../src/registry/frame.ts";
import { registry as subjects } from "../../src/subjects/subjects.ts";

/** What one tap may take of the network, and so of the sidecar's time. */
export const MAX_BYTES_PER_S = 512 * 1024;
/** What waits to be sent, at most. */
const MAX_WAITING = 256;
const MAX_WAITING_BYTES = 512 * 1024;
/** Calls are told together. */
const TELL_AFTER_MS = 100;

export interface TapParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly service: string;
  readonly instance: string;
  readonly version: string;
}

/** One tap at one sidecar. Whatever is too much is dropped and counted; nothing ever waits for it. */
export class Tap {
  readonly #parts: TapParts;
  readonly order: TapOrder;
  readonly #isMeant: (facts: Facts) => boolean;
  /** Of the monotonic clock. */
  until: number;
  #calls: number;
  #bytes = MAX_BYTES_PER_S;
  #filledAt: number;
  #waiting: { readonly call: TappedCall; readonly bytes: number }[] = [];
  #waitingBytes = 0;
  #matched = 0;
  #dropped = 0;
  #toldDropped = 0;
  #isDue = false;
  #stopTimer = (): void => {};

  /** @throws WhereError */
  constructor(order: TapOrder, parts: TapParts) {
    this.#parts = parts;
    this.order = order;
    this.#isMeant = where(order.where);
    this.#calls = order.rate;
    this.#filledAt = parts.clock.now();
    this.until = this.#filledAt + order.holdMs;
  }

  /** There may be room for a further call: until it has ended, nobody can tell whether it is meant. */
  get hasRoom(): boolean {
    this.#refill();
    return this.#calls >= 1 && this.#bytes > 0 && this.#waiting.length < MAX_WAITING;
  }

  /** Whether this call, which has ended, is meant and may be told: then its place is taken. */
  takes(facts: Facts): boolean {
    if (!this.#isMeant(facts)) return false;
    this.#matched++;
    const fits = this.hasRoom;
    if (fits) this.#calls--;
    else this.#drop(1);
    return fits;
  }

  /** Tells of one call that was taken. */
  tell(call: TappedCall): void {
    const fitted = fitCall(call);
    const bytes = pack(fitted).length;
    this.#bytes -= bytes;
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.#drop(1);
      return;
    }
    this.#waiting.push({ call: fitted, bytes });
    this.#waitingBytes += bytes;
    this.#becomeDue();
  }

  close(): void {
    this.#stopTimer();
    this.#waiting = [];
  }

  #refill(): void {
    const now = this.#parts.clock.now();
    const seconds = (now - this.#filledAt) / 1000;
    const { rate } = this.order;
    this.#calls = Math.min(rate, this.#calls + seconds * rate);
    this.#bytes = Math.min(MAX_BYTES_PER_S, this.#bytes + seconds * MAX_BYTES_PER_S);
    this.#filledAt = now;
  }

  #drop(calls: number): void {
    this.#dropped += calls;
    this.#becomeDue();
  }

  #becomeDue(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#stopTimer = this.#parts.clock.after(TELL_AFTER_MS, () => this.#send());
  }

  /** One message, and the next when the broker has handled it: so no more than one is ever on its way. */
  #send(): void {
    const { bus, service, instance } = this.#parts;
    const calls = this.#takeBatch(bus.maxPayload);
    const report: TapReport = { instance, calls, matched: this.#matched, dropped: this.#dropped };
    this.#toldDropped = this.#dropped;
    if (!bus.send(subjects.tap(this.order.id, service, instance), pack(report)))
      this.#dropped += calls.length;
    const goOn = (): void => {
      this.#isDue = false;
      if (this.#waiting.length > 0 || this.#dropped > this.#toldDropped) this.#becomeDue();
    };
    bus.flush().then(goOn, goOn);
  }

  /** As many as fit into a message; one that never would is dropped. */
  #takeBatch(maxPayload: number): TappedCall[] {
    const most = maxPayload - REPORT_BYTES;
    const batch: TappedCall[] = [];
    for (let size = 0; this.#waiting.length > 0; ) {
      const { call, bytes } = this.#waiting[0]!;
      if (bytes <= most && size + bytes > most) break;
      this.#waiting.shift();
      this.#waitingBytes -= bytes;
      if (bytes > most) this.#dropped++;
      else {
        size += bytes;
        batch.push(call);
      }
    }
    return batch;
  }
}

/** What a report has besides its calls. */
const REPORT_BYTES = 256;
