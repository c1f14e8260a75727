import type { Clock } from "../../src/registry/clock.ts";

/** A clock that stands still until told: timers run in the order in which they are due. */
export class FakeClock implements Clock {
  #time = 1000;
  #timers: { at: number; run: () => void }[] = [];
  /** Unix time of the clock's zero; change it to step the wall clock alone. */
  epoch = Date.UTC(2026, 0, 1);

  now(): number {
    return this.#time;
  }

  unix(): number {
    return this.epoch + this.#time;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#time + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  advance(ms: number): void {
    const end = this.#time + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#time = Math.max(this.#time, next.at);
      next.run();
    }
    this.#time = end;
  }

  /** Lets messages in memory be delivered between steps, as they would be in life. */
  async run(ms: number, stepMs = 100): Promise<void> {
    for (let past = 0; past < ms; past += stepMs) {
      this.advance(Math.min(stepMs, ms - past));
      await turns();
    }
  }
}

/** Lets all that is under way in this process settle: messages take a few turns of the event loop. */
export async function turns(count = 8): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
