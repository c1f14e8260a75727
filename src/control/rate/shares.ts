import { type Demand, divide } from "./divide.ts";
import { reportEveryMs } from "./wire.ts";

/** Reports of one instance come a second apart, but for a few at changes. */
const LEAST_APART_MS = 50;
/** So many instances are divided among at each report. */
const FEW = 100;
/** Of more, so much later for each: the work stays below a hundredth of a core, whoever reports however often. */
const APART_MS_FOR_EACH = 0.1;

interface Reported {
  readonly demand: Demand | undefined;
  readonly at: number;
}

/** Who gets what of the global rate of one service. Times are in ms of the monotonic clock. */
export class Shares {
  readonly #reported = new Map<string, Reported>();
  #shares = new Map<string, number>();
  /** What came out for each when it last asked. */
  readonly #before = new Map<string, number>();
  #dividedAt = Number.NEGATIVE_INFINITY;

  /** Takes what an instance reports; false when it reports too often. */
  take(instance: string, demand: Demand | undefined, now: number): boolean {
    const before = this.#reported.get(instance);
    if (before !== undefined && now - before.at < LEAST_APART_MS) return false;
    this.#reported.set(instance, { demand, at: now });
    return true;
  }

  /**
   * The share of one instance; undefined when it is not among them. More than an even part is lent only to who needed
   * it the last time, too: between two of its reports all others have made theirs. Else, when calls come to all after a
   * pause, the first to tell of them would be lent what the others are about to use.
   * @param rate of all of them, in calls a second
   * @param instances those that take calls; one that has not reported of late may want all it can get
   */
  of(instance: string, rate: number, instances: readonly string[], now: number): number | undefined {
    const count = instances.length;
    const apartMs = count <= FEW ? 0 : count * APART_MS_FOR_EACH;
    if (now - this.#dividedAt >= apartMs) this.#divide(rate, instances, now);
    const share = this.#shares.get(instance);
    if (share === undefined) return undefined;
    const before = this.#before.get(instance) ?? 0;
    this.#before.set(instance, share);
    return Math.min(share, Math.max(before, 1 / count));
  }

  #divide(rate: number, instances: readonly string[], now: number): void {
    this.#dividedAt = now;
    const oldest = now - 3 * reportEveryMs(instances.length);
    const there = new Set(instances);
    for (const [instance, { at }] of this.#reported)
      if (at < oldest || !there.has(instance)) {
        this.#reported.delete(instance);
        this.#before.delete(instance);
      }
    const shares = divide(
      rate,
      instances.map((instance) => this.#reported.get(instance)?.demand),
    );
    this.#shares = new Map(instances.map((instance, i) => [instance, shares[i]!]));
  }
}
