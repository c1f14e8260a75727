import type { HttpRouteRule } from "../../../resources/http-route.ts";
import type { Idle, Spec } from "./idle-policy.ts";
import { hasNoBudget } from "./idle-policy.ts";
import {
  attemptMs,
  limitMs,
  msOf,
  shortestOf,
  type Times,
  USUAL_REQUEST,
  wholeMs,
  wholeOf,
} from "./times.ts";

/** The times of the calls that a rule takes: what it does not say itself, the policy of its service says. */
export const timesOf = ({ timeouts }: HttpRouteRule, spec: Spec = {}): Times => ({
  ...spec.timeouts,
  ...timeouts,
});

/**
 * What a rule and the policy of the service whose calls it takes make of no effect together; also without a policy.
 * @param at `spec.rules[0]`; @param policy how the policy is named
 */
export function idleWithParent(rule: HttpRouteRule, at: string, spec: Spec = {}, policy = ""): Idle[] {
  const { timeouts: own = {}, retry } = rule;
  const { timeouts: { request } = {}, hedge } = spec;
  const times = timesOf(rule, spec);
  const idle: Idle[] = [];
  const tell = (path: string, message: string, cure: string) =>
    idle.push({ path: `${at}.${path}`, message, cure });

  const backendMs = limitMs(own.backendRequest);
  if (own.request === undefined && Number.isFinite(backendMs) && backendMs > limitMs(request))
    tell(
      "timeouts.backendRequest",
      `backendRequest ${own.backendRequest} is longer than request ${request} of ${policy}`,
      `write at most ${request}, or a request of its own`,
    );

  if (retry !== undefined && spec.retry?.attempts === 0)
    tell(
      "retry",
      `retry.attempts 0 of ${policy} switches the retries of routes off, too`,
      "leave it out, or mend the policy",
    );
  else if (retry?.backoff !== undefined && msOf(retry.backoff) >= wholeMs(times))
    tell(
      "retry.backoff",
      `${wholeOf(times)} is over before a backoff of ${retry.backoff} is, so nothing is tried again`,
      `write less than ${times.request ?? USUAL_REQUEST}`,
    );

  // Where the times of the policy are too short for it as well, that is told of the policy.
  const delayMs = hedge?.delay === undefined ? Number.NEGATIVE_INFINITY : msOf(hedge.delay);
  if (delayMs >= attemptMs(times) && delayMs < attemptMs(spec.timeouts ?? {}))
    tell(
      "timeouts",
      `an attempt ends after ${shortestOf(times)}, so none begins beside it after hedge.delay ${hedge!.delay} of ${policy}`,
      `write timeouts longer than ${hedge!.delay}, or a shorter hedge.delay`,
    );
  return idle;
}

/** The same with the policy of a service that the rule sends calls to. */
export function idleWithBackend(rule: HttpRouteRule, at: string, spec: Spec, policy: string): Idle[] {
  const { timeouts: { request } = {}, retry } = rule;
  const { park, timeouts } = spec;
  const idle: Idle[] = [];
  if (retry?.codes !== undefined && hasNoBudget(spec))
    idle.push({
      path: `${at}.retry.codes`,
      message: `retryBudget of ${policy} allows no further attempt: percent and minRetryRate are 0`,
      cure: "give that retryBudget something, or leave codes out",
    });
  const waitMs = park === undefined ? 0 : msOf(park.maxWait);
  if (waitMs > limitMs(request) && waitMs <= wholeMs(timeouts ?? {}))
    idle.push({
      path: `${at}.timeouts.request`,
      message: `a call ends after ${request}, so none is held for park.maxWait ${park!.maxWait} of ${policy}`,
      cure: `write at least ${park!.maxWait}, or a maxWait of at most ${request}`,
    });
  return idle;
}
