import type { Bus } from "../../bus/bus.ts";
import { type Clock, every } from "../../registry/clock.ts";
import { pack } from "../../registry/frame.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import type { RenewalWish } from "./wire.ts";

/** Who was away, or joined with an older identity, hears of a wish at most so much later. */
const AGAIN_EVERY_MS = 10_000;
/** Half the life of a JWT: by then everybody has renewed anyway. */
const FOR_MS = 30 * 60_000;
/** Beyond this the oldest is made everybody's, which is more than was asked and never less. */
const MOST_WISHES = 16;

interface Wished extends RenewalWish {
  /** Of the monotonic clock. */
  readonly until: number;
}

/** Tells sidecars to renew early, again and again until all must have heard it. It decides nothing itself. */
export class RenewalDesk {
  readonly #bus: Bus;
  readonly #clock: Clock;
  #wishes: Wished[] = [];
  #stop = (): void => {};

  constructor({ bus, clock }: { readonly bus: Bus; readonly clock: Clock }) {
    this.#bus = bus;
    this.#clock = clock;
  }

  start(): void {
    this.#stop = every(
      this.#clock,
      () => AGAIN_EVERY_MS,
      () => this.#sayAgain(),
    );
  }

  stop(): void {
    this.#stop();
  }

  ask(wish: RenewalWish): void {
    this.#wishes.push({ ...wish, until: this.#clock.now() + FOR_MS });
    if (this.#wishes.length > MOST_WISHES) {
      const [first, second, ...rest] = this.#wishes as [Wished, Wished, ...Wished[]];
      const issuedBefore = Math.max(first.issuedBefore, second.issuedBefore);
      this.#wishes = [{ issuedBefore, until: second.until }, ...rest];
    }
    this.#say(wish);
  }

  #sayAgain(): void {
    const now = this.#clock.now();
    this.#wishes = this.#wishes.filter(({ until }) => now < until);
    for (const { until: _, ...wish } of this.#wishes) this.#say(wish);
  }

  #say(wish: RenewalWish): void {
    this.#bus.send(subjects.renewEvent, pack(wish));
  }
}
