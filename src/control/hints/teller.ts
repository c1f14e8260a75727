/** Hints that one calling service may give at once, and then so many a second; each goes to all who call as it does. */
const BURST = 32;
const PER_MS = 2 / 1000;
/** The same hint, from whichever of its instances, is passed on again after so long: half of what it is worth. */
const AGAIN_AFTER_MS = 5000;
/** What a repeated hint costs of one: a service has many instances, and all may eject the same ones. */
const REPEATED = 1 / 100;
/** One that was silent for so long has its whole burst again, and may be forgotten. */
export const IDLE_AFTER_MS = BURST / PER_MS;

/** The hints of one calling service. Times are in ms of the monotonic clock. */
export class Teller {
  /** When each was passed on, the oldest first; the pace bounds their number. */
  readonly #toldAt = new Map<string, number>();
  #tokens = BURST;
  heardAt: number;

  constructor(now: number) {
    this.heardAt = now;
  }

  /** What to do with a hint: pass it on, leave it because it has been passed on of late, or drop it as too much. */
  take(key: string, now: number): "pass-on" | "known" | "flood" {
    for (const [told, at] of this.#toldAt) {
      if (now - at < AGAIN_AFTER_MS) break;
      this.#toldAt.delete(told);
    }
    this.#tokens = Math.min(BURST, this.#tokens + (now - this.heardAt) * PER_MS);
    this.heardAt = now;
    const isKnown = this.#toldAt.has(key);
    const cost = isKnown ? REPEATED : 1;
    if (this.#tokens < cost) return "flood";
    this.#tokens -= cost;
    if (isKnown) return "known";
    this.#toldAt.set(key, now);
    return "pass-on";
  }
}
