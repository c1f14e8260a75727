import type { Gate } from "../stack/call.ts";
import { refused } from "../stack/outcome.ts";
import { FairShare } from "./fair-share.ts";
import { Gcra, type Rate } from "./gcra.ts";
import { KnownCallers } from "./known-callers.ts";

/** Whether a call is within a rate: 0, or the ms after which it would be. */
export type RateGate = (caller: string, now: number) => number;

/** One rate for all callers, shared fairly among them. */
export function sharedRate(rate: Rate, now: number): RateGate {
  const share = new FairShare(rate, now);
  return (caller, at) => share.take(caller, at);
}

/** The same rate for each caller, whatever the others do. */
export function ratePerCaller(rate: Rate): RateGate {
  const callers = new KnownCallers((now) => ({ gcra: new Gcra(rate), usedAt: now }));
  return (caller, now) => {
    const known = callers.get(caller) ?? callers.add(caller, now);
    known.usedAt = now;
    return known.gcra.take(now);
  };
}

/** Of the instance itself, or its share of one for all instances. */
export type RateName = "local" | "global";

export interface LimitRateOptions {
  readonly gate: RateGate;
  readonly rate: Rate;
  /** Names the limit in the header fields; by it the caller's sidecar knows whether another instance may do better. */
  readonly name: RateName;
  /** Monotonic, in ms. */
  readonly now: () => number;
  /** Told of each call that is refused, for the metrics. */
  readonly limited: (caller: string, limit: string) => void;
}

/**
 * Refuses the calls that are above a rate, with the time after which the next one would be let through, and the fields
 * `RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers-10 writes them.
 */
export function limitRate({ gate, rate, name, now, limited }: LimitRateOptions): Gate {
  const policy = `RateLimit-Policy: "${name}";${quotaOf(rate)}\r\n`;
  const message = `more than ${rate.requests} calls in ${rate.intervalMs} ms (${name} rate limit)`;
  return ({ head: { caller } }) => {
    const waitMs = gate(caller, now());
    if (waitMs <= 0) return undefined;
    limited(caller, name);
    const retryAfterMs = Math.ceil(waitMs);
    const headers = `${policy}RateLimit: "${name}";r=0;t=${Math.ceil(waitMs / 1000)}\r\n`;
    return { ...refused("rate-limited", message), retryAfterMs, headers };
  };
}

/** The window is written in whole seconds: a shorter or a broken one is told as what it comes to in those. */
function quotaOf({ requests, intervalMs }: Rate): string {
  const seconds = Math.max(1, Math.round(intervalMs / 1000));
  return `q=${Math.max(1, Math.round((requests * seconds * 1000) / intervalMs))};w=${seconds}`;
}
