import { parseDuration } from "../src/protocol/duration.ts";
import type { ServicePolicy } from "../src/resources/service-policy.ts";
import { RETRY_BUDGET, type RetryBudgetOptions } from "./policy/retry-budget.ts";

/** The retry budget of a service, of which its callers and its own sidecars keep one each. */
export function budgetOf(policy: ServicePolicy | undefined): RetryBudgetOptions {
  const written = policy?.spec.retryBudget;
  if (written === undefined) return RETRY_BUDGET;
  return {
    percent: written.percent,
    intervalMs: parseDuration(written.interval)!,
    minPerSecond: written.minRetryRate,
  };
}
