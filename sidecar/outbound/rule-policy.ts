import { parseDuration } from "../../src/protocol/duration.ts";
import type { HttpRouteRule } from "../../src/resources/http-route.ts";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import type { Destination, RuleMatch } from "../../src/routing/rules.ts";
import type { RegexEngine } from "../../src/routing/text-match.ts";
import type { Target } from "../../src/subjects/subjects.ts";
import type { Fault } from "../policy/inject-faults.ts";
import type { RetryOptions } from "../policy/retry.ts";
import type { KeyOf } from "../policy/split.ts";
import { faultsOf } from "./faults.ts";
import { aimOf, type Steps, stepsOf } from "./filters.ts";
import { type HedgeWish, hedgeOf, retryOf } from "./further-attempts.ts";
import { keyOf } from "./sticky.ts";

export interface BackendPolicy {
  readonly name: string;
  readonly weight: number;
  /** Undefined where the caller's own choice stands. */
  readonly aim: { readonly callee: string; readonly target: Target } | undefined;
  readonly steps: Steps;
}

/** A rule and the policy of its service as the stack is built from them: durations in ms, functions ready. */
export interface RulePolicy {
  /** Time for the whole call; undefined for the default, Infinity for none. */
  readonly requestMs: number | undefined;
  /** Time for one attempt; undefined for no limit but the call's. */
  readonly attemptMs: number | undefined;
  readonly faults: readonly Fault[];
  readonly steps: Steps;
  readonly backends: readonly BackendPolicy[];
  readonly keyOf: KeyOf | undefined;
  /** Undefined where neither the rule nor the policy says anything. */
  readonly retry: RetryOptions | undefined;
  readonly hedge: HedgeWish | undefined;
  /** Share of new traces that is sampled, 0 to 1; undefined for what the sidecar was started with. */
  readonly sampledShare: number | undefined;
}

const NO_STEPS: Steps = {
  requestChanges: [],
  responseChanges: [],
  responseOwned: [],
  mirrors: [],
  answer: undefined,
};

/** For a call that no route is about: it goes where its caller said. */
export function policyWithoutRoute(
  policy: ServicePolicy | undefined,
  caller: string,
  regex: RegexEngine | undefined,
): RulePolicy {
  const asNamed = { name: "", weight: 1, aim: undefined, steps: NO_STEPS };
  return { ...ofService(policy, NO_RULE, caller, regex, ""), steps: NO_STEPS, backends: [asNamed] };
}

/** What the rule says itself counts before what the policy of the service says. */
export function policyOfRule(
  { name, rule, match }: RuleMatch,
  to: Destination,
  policy: ServicePolicy | undefined,
  caller: string,
  regex: RegexEngine | undefined,
): RulePolicy {
  const matched = match.path.value;
  return {
    ...ofService(policy, rule, caller, regex, name),
    steps: stepsOf(rule.filters ?? [], matched, to),
    backends: (rule.backendRefs ?? []).map((ref) => ({
      name: ref.version === undefined ? ref.name : `${ref.name} v${ref.version}`,
      weight: ref.weight,
      aim: aimOf(ref),
      steps: stepsOf(ref.filters ?? [], matched, to),
    })),
  };
}

const NO_RULE: Pick<HttpRouteRule, "timeouts" | "retry"> = {};

function ofService(
  policy: ServicePolicy | undefined,
  { timeouts: own = {}, retry: ownRetry }: Pick<HttpRouteRule, "timeouts" | "retry">,
  caller: string,
  regex: RegexEngine | undefined,
  name: string,
): Omit<RulePolicy, "steps" | "backends"> {
  const { timeouts = {}, faults = [], sticky, retry, hedge } = policy?.spec ?? {};
  return {
    requestMs: limitMs(own.request ?? timeouts.request),
    attemptMs: finite(limitMs(own.backendRequest ?? timeouts.backendRequest)),
    faults: faultsOf(faults, caller, regex),
    keyOf: sticky && keyOf(sticky, caller),
    retry: retryOf(ownRetry, retry),
    hedge: hedge && hedgeOf(hedge),
    sampledShare: sampledShareOf(policy?.spec.tracing, name),
  };
}

/** @param name of the rule, `route/rule`; empty for calls that no route is about */
function sampledShareOf(tracing: ServicePolicy["spec"]["tracing"], name: string): number | undefined {
  const own = tracing?.routes?.find(({ route }) => name === route || name.startsWith(`${route}/`));
  const percent = (own ?? tracing)?.sampling;
  return percent === undefined ? undefined : percent / 100;
}

/** A duration that the schema has checked; a zero switches the limit off (GEP-1742). */
function limitMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text)!;
  return ms === 0 ? Number.POSITIVE_INFINITY : ms;
}

const finite = (ms: number | undefined): number | undefined =>
  ms === Number.POSITIVE_INFINITY ? undefined : ms;
