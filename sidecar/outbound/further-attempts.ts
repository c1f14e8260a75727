import { parseDuration } from "../../src/protocol/duration.ts";
import type { HttpRouteRule } from "../../src/resources/http-route.ts";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import { RETRY, type RetryOptions } from "../policy/retry.ts";

type Spec = ServicePolicy["spec"];

/** When a further attempt begins beside a slow one: after a fixed time, or after what is usual. */
export interface HedgeWish {
  readonly attempts: number;
  readonly delay: { readonly ms: number } | { readonly percentile: number };
}

/** Where the jitter is capped when policy does not say: as Envoy does (`retry_back_off.max_interval`). */
const CAP_TIMES = 10;
/** hedge.percentile when neither it nor a delay is written: "The Tail at Scale". */
const PERCENTILE = 95;

/**
 * How often to try again: what the rule says, else what the policy of the service says. Who writes one of the two
 * wants to have tried again also what broke on the way (GEP-1731).
 * @returns undefined when neither says anything
 */
export function retryOf(rule: HttpRouteRule["retry"], policy: Spec["retry"]): RetryOptions | undefined {
  // The off switch is the policy's: the standard has none.
  if (policy?.attempts === 0) return { ...RETRY, attempts: 0 };
  if (rule !== undefined) {
    const { attempts = RETRY.attempts, codes = [], backoff } = rule;
    const minMs = backoff === undefined ? 0 : parseDuration(backoff)!;
    const baseMs = backoff === undefined ? RETRY.baseMs : minMs;
    return { ...RETRY, attempts, minMs, baseMs, capMs: CAP_TIMES * baseMs, codes: new Set(codes) };
  }
  if (policy === undefined) return undefined;
  const { attempts, codes = [], backoff, maxBackoff, maxRetryAfter } = policy;
  const baseMs = parseDuration(backoff)!;
  return {
    ...{ attempts, minMs: 0, baseMs, codes: new Set(codes) },
    capMs: maxBackoff === undefined ? CAP_TIMES * baseMs : parseDuration(maxBackoff)!,
    maxRetryAfterMs: parseDuration(maxRetryAfter)!,
  };
}

export function hedgeOf({ delay, percentile, attempts }: NonNullable<Spec["hedge"]>): HedgeWish {
  if (delay !== undefined) return { attempts, delay: { ms: parseDuration(delay)! } };
  return { attempts, delay: { percentile: percentile ?? PERCENTILE } };
}
