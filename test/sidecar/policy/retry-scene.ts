import { fieldValue } from "../../../sidecar/http/header-block.ts";
import { RETRY, type RetryOptions, type RetryParts, retry } from "../../../sidecar/policy/retry.ts";
import { RETRY_BUDGET, RetryBudget } from "../../../sidecar/policy/retry-budget.ts";
import { type Body, wholeBody } from "../../../sidecar/stack/body.ts";
import type { Call, Service } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome, type Replied } from "../../../sidecar/stack/outcome.ts";
import { isPending, replied, time } from "./scene.ts";

export const NOW = Date.UTC(2026, 10, 23);
export const none = failed("no-instance", "no", "none");
export const reset = failed("app-reset", "unknown", "it broke");
/** What policy asks for when it says `retry: {codes: [503]}`. */
export const CODES: RetryOptions = { ...RETRY, codes: new Set([503]) };

export const unavailable = (headers = "", body: Body = wholeBody()): Replied => ({
  ...replied,
  status: 503,
  headers,
  body,
});

/** A layer over these outcomes in turn, of which the last repeats; and what the service behind it saw. */
export const scene = (outcomes: readonly Outcome[], options = RETRY, parts: Partial<RetryParts> = {}) => {
  const { sweep, pass } = time();
  const attempts: number[] = [];
  const budget = new RetryBudget(RETRY_BUDGET);
  const service: Service = async (call) => {
    attempts.push(call.attempt);
    call.instance = `o${call.attempt}`;
    return outcomes[Math.min(attempts.length, outcomes.length) - 1]!;
  };
  const layer = retry(options, {
    ...{ sweep, budget, field: fieldValue, random: () => 0, unixMs: () => NOW },
    ...{ hasOther: () => true, isLesser: () => false, retried: () => {} },
    ...parts,
  });
  /** Lets time pass until the call has ended. */
  const run = async (call: Call): Promise<Outcome> => {
    const outcome = layer(service)(call);
    for (let i = 0; i < 20 && (await isPending(outcome)); i++) await pass(0);
    return outcome;
  };
  return { sweep, pass, attempts, budget, layer, service, run };
};
