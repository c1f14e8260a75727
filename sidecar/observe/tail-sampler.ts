import type { KeptFor } from "../../src/control/traces/wire.ts";
import type { EdgeTally } from "../../src/telemetry/edge-tally.ts";
import { BUCKETS, quantileMs } from "../../src/telemetry/histogram.ts";
import type { RecentCall } from "./recent-calls.ts";

/** What counts as slow while too little is known of a peer, in ms. */
const SLOW_MS = 1000;
/** Nobody asks about what is quicker than that, in ms. */
const QUICK_MS = 5;
/** Calls that a percentile is worth something of. */
const ENOUGH = 100;
/** Peers whose usual durations are known. */
const MOST_PEERS = 200;
/** What is learned of one span of 5 s counts half after a minute. */
const FADE = 0.5 ** (5 / 60);
/** A call without anything odd is kept every so often, in ms. */
const RECENT_MS = 1000;

/**
 * Decides at the end of a call whether its trace is worth keeping: it failed; it took longer than 99 of 100 calls with
 * that peer of late (p99, a minute's half-life); or no other was kept for a second. Nearly all calls cost three
 * comparisons. Kept are at most 5 failed, 2 slow and 1 other a second, after a burst of 20 and 10.
 */
export class TailSampler {
  readonly #failed = new Allowance(5, 20);
  readonly #slow = new Allowance(2, 10);
  readonly #usual = new Map<string, Float64Array>();
  #slowAbove = new Map<string, number>();
  /** The least of them: what is quicker is slow for nobody. */
  #leastMs = SLOW_MS;
  #recentFrom = Number.NEGATIVE_INFINITY;

  /** @returns undefined for the many that are not kept */
  why(call: RecentCall): KeptFor | undefined {
    const { ms, code, status } = call;
    const now = call.startedAt + ms;
    // A copy is no call; it is kept with the trace of the call that it is of.
    if (call.mirrored) return undefined;
    if (status >= 500 || code !== "") {
      // A caller that leaves is no failure.
      if (code !== "cancelled" && this.#failed.takes(now)) return "failed";
      return undefined;
    }
    if (ms > this.#leastMs && ms > this.#slowFor(call) && this.#slow.takes(now)) return "slow";
    // The callee's sidecar would keep another than the caller's.
    if (now < this.#recentFrom || call.side === "server") return undefined;
    this.#recentFrom = now + RECENT_MS;
    return "recent";
  }

  /** Learns how long calls usually take. @param tallies all that ended within 5 s */
  learn(tallies: readonly EdgeTally[]): void {
    for (const buckets of this.#usual.values()) for (let i = 0; i < BUCKETS; i++) buckets[i]! *= FADE;
    for (const { peer, buckets } of tallies) {
      const usual = this.#usual.get(peer) ?? new Float64Array(BUCKETS);
      if (!this.#usual.has(peer) && this.#usual.size >= MOST_PEERS) continue;
      this.#usual.set(peer, usual);
      for (let i = 0; i < BUCKETS; i++) usual[i]! += buckets[i]!;
    }
    this.#slowAbove = new Map();
    for (const [peer, buckets] of this.#usual) {
      const calls = buckets.reduce((sum, count) => sum + count, 0);
      if (calls < 1) this.#usual.delete(peer);
      if (calls >= ENOUGH) this.#slowAbove.set(peer, Math.max(QUICK_MS, quantileMs(buckets, 0.99)!));
    }
    this.#leastMs = Math.min(SLOW_MS, ...this.#slowAbove.values());
  }

  #slowFor({ side, caller, callee }: RecentCall): number {
    return this.#slowAbove.get(side === "client" ? callee : caller) ?? SLOW_MS;
  }
}

/** So many a second, and so many at once. */
class Allowance {
  readonly #perMs: number;
  readonly #burst: number;
  #left: number;
  #at = 0;

  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#left = burst;
  }

  takes(now: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + Math.max(0, now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
