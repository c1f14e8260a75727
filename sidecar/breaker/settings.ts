import { parseDuration } from "../../src/protocol/duration.ts";
import type { BreakerPolicy } from "../../src/resources/breaker.ts";
import { anyOf, type Breaker } from "./breaker.ts";
import { ConsecutiveFailures } from "./consecutive.ts";
import { SuccessRate, type SuccessRateOptions } from "./success-rate.ts";

export interface BreakerSettings {
  /** 0 for none. */
  readonly consecutiveFailures: number;
  readonly successRate: SuccessRateOptions | undefined;
  readonly minPenaltyMs: number;
  readonly maxPenaltyMs: number;
  readonly maxEjectedPercent: number;
  /** Failures in a row after which the service as a whole is refused; undefined for never. */
  readonly serviceFailures: number | undefined;
}

/** Where policy says nothing. The same as the defaults of the schema, which is not loaded for it; a test compares. */
export const BREAKER: BreakerSettings = {
  consecutiveFailures: 7,
  successRate: undefined,
  minPenaltyMs: 1000,
  maxPenaltyMs: 60_000,
  maxEjectedPercent: 50,
  serviceFailures: undefined,
};

/** What a checked policy says, in ms. */
export function breakerSettings(policy: BreakerPolicy | undefined): BreakerSettings {
  if (policy === undefined) return BREAKER;
  const { consecutiveFailures, successRate, minPenalty, maxPenalty, maxEjectedPercent, service } = policy;
  return {
    consecutiveFailures,
    successRate: successRate && {
      below: successRate.below,
      intervalMs: parseDuration(successRate.interval)!,
      minCalls: successRate.minCalls,
    },
    minPenaltyMs: parseDuration(minPenalty)!,
    maxPenaltyMs: parseDuration(maxPenalty)!,
    maxEjectedPercent,
    serviceFailures: service?.consecutiveFailures,
  };
}

/** The breaker of one instance; undefined when none is wanted. */
export function instanceBreaker({
  consecutiveFailures,
  successRate,
  maxEjectedPercent,
}: BreakerSettings): Breaker | undefined {
  if (maxEjectedPercent === 0) return undefined;
  const breakers: Breaker[] = [];
  if (consecutiveFailures > 0) breakers.push(new ConsecutiveFailures(consecutiveFailures));
  if (successRate !== undefined) breakers.push(new SuccessRate(successRate));
  return breakers.length <= 1 ? breakers[0] : anyOf(breakers);
}
