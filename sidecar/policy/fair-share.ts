import type { Rate } from "./gcra.ts";
import { KnownCallers, type OfCaller } from "./known-callers.ts";

/** A caller that has made no call for so long leaves its part of the burst to the others, but for one call. */
const IDLE_AFTER_MS = 1000;
/** How often it is looked who is idle. */
const LOOK_EVERY_MS = 100;
/** And so long after a call was turned away what comes in is kept as long as there is need for it. */
const SHORT_FOR_MS = 1000;
/** One, but for the rounding of many small parts. */
const ENOUGH = 1 - 1e-6;

interface Bucket extends OfCaller {
  /** Calls that the caller may make at once. */
  tokens: number;
  idle: boolean;
}

/**
 * One rate for all callers together, shared fairly: what comes in is split evenly among the callers whose buckets are
 * not full, so that a caller that asks for less than its part gets all that it asks for, and what it leaves goes to the
 * others in equal parts (max-min fairness). The burst is split among those that call at the time.
 *
 * For one caller this is the GCRA with the same rate and burst.
 */
export class FairShare {
  #perMs: number;
  #burst: number;
  readonly #callers = new KnownCallers<Bucket>((now) => ({ tokens: 0, usedAt: now, idle: false }));
  /** When tokens came in last. */
  #filledAt: number;
  /** Not handed out yet; below 0 when a newcomer was given what had not come in. */
  #spare: number;
  #lookAt = 0;
  /** The most that a caller's bucket takes, unless it is idle. */
  #cap: number;
  /** The least that a bucket takes while calls are turned away. */
  readonly #leastCap: number;
  #turnedAwayAt = Number.NEGATIVE_INFINITY;
  /** Buckets that were not full when tokens were last handed out. */
  #hungry = 1;

  /**
   * @param now monotonic, in ms
   * @param leastCap 1, or more where the burst is a part of a burst, so small that chance alone fills it: while calls
   * are turned away, a caller's bucket takes so many. After a pause there is no more than the burst.
   */
  constructor({ requests, intervalMs, burst }: Rate, now: number, leastCap = 1) {
    this.#leastCap = leastCap;
    this.#perMs = requests / intervalMs;
    this.#burst = burst;
    this.#cap = burst;
    this.#spare = burst;
    this.#filledAt = now;
  }

  /**
   * Takes one call if there is a token for its caller.
   * @param now monotonic, in ms
   * @returns 0, or the ms after which there will be one
   */
  take(caller: string, now: number): number {
    const bucket = this.#callers.get(caller) ?? this.#welcome(caller, now);
    bucket.usedAt = now;
    if (bucket.tokens < ENOUGH) this.#share(bucket, now);
    if (bucket.tokens >= ENOUGH) {
      bucket.tokens--;
      return 0;
    }
    this.#turnedAwayAt = now;
    return ((1 - bucket.tokens) * this.#hungry - this.#spare) / this.#perMs;
  }

  /** Takes another rate and burst. What has come in stays, as far as there was room for it and still is. */
  change({ requests, intervalMs, burst }: Rate, now: number): void {
    let room = this.#burst;
    for (const { tokens } of this.#callers.all) room -= tokens;
    this.#spare = Math.min(this.#spare + (now - this.#filledAt) * this.#perMs, Math.max(0, room));
    this.#filledAt = now;
    this.#perMs = requests / intervalMs;
    this.#burst = burst;
    this.#look(now);
  }

  /** A newcomer need not wait for its first part: it gets a token in advance when there is none. */
  #welcome(caller: string, now: number): Bucket {
    const bucket = this.#callers.add(caller, now);
    this.#lookAt = now;
    this.#share(bucket, now);
    if (bucket.tokens < 1) {
      this.#spare -= 1 - bucket.tokens;
      bucket.tokens = 1;
    }
    return bucket;
  }

  /** Hands out what has come in, when that may help: evenly, and what one bucket cannot take to the others. */
  #share(asking: Bucket, now: number): void {
    this.#spare += (now - this.#filledAt) * this.#perMs;
    this.#filledAt = now;
    if (now >= this.#lookAt || asking.idle) this.#look(now);
    // Not even all of it would help: so most of a flood of calls that are turned away costs nothing here.
    if (asking.tokens + this.#spare < ENOUGH) return;
    for (;;) {
      this.#hungry = 0;
      for (const bucket of this.#callers.all) if (bucket.tokens < this.#capOf(bucket)) this.#hungry++;
      if (this.#hungry === 0 || this.#spare <= 1e-6) break;
      const part = this.#spare / this.#hungry;
      for (const bucket of this.#callers.all) {
        const given = Math.min(part, this.#capOf(bucket) - bucket.tokens);
        if (given <= 0) continue;
        bucket.tokens += given;
        this.#spare -= given;
      }
    }
    // What nobody has room for is nobody's.
    this.#spare = Math.min(this.#spare, 0);
    this.#hungry = Math.max(this.#hungry, 1);
  }

  /** Looks who is idle, splits the burst anew, and takes back what is now too much for one. */
  #look(now: number): void {
    this.#lookAt = now + LOOK_EVERY_MS;
    this.#callers.forgetGone(now);
    let idle = 0;
    for (const bucket of this.#callers.all) {
      bucket.idle = bucket.usedAt <= now - IDLE_AFTER_MS;
      if (bucket.idle) idle++;
    }
    // However many there are that call seldom, half of the burst is for those that call now.
    const forIdle = Math.min(idle, this.#burst / 2);
    const shortForMs = Math.max(SHORT_FOR_MS, this.#leastCap / this.#perMs);
    const least = now - this.#turnedAwayAt < shortForMs ? this.#leastCap : 1;
    this.#cap = Math.max(least, (this.#burst - forIdle) / Math.max(1, this.#callers.size - idle));
    for (const bucket of this.#callers.all) {
      const excess = bucket.tokens - this.#capOf(bucket);
      if (excess <= 0) continue;
      bucket.tokens -= excess;
      this.#spare += excess;
    }
  }

  #capOf({ idle }: Bucket): number {
    return idle ? 1 : this.#cap;
  }
}
