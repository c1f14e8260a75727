import type { Target } from "../../src/subjects/subjects.ts";
import { balance } from "../balance/balance.ts";
import { breakService } from "../breaker/break-service.ts";
import { fieldValue } from "../http/header-block.ts";
import { type Recorder, record } from "../observe/record.ts";
import { aim } from "../policy/aim.ts";
import { attemptDeadline } from "../policy/attempt-deadline.ts";
import { deadline } from "../policy/deadline.ts";
import { hedge } from "../policy/hedge.ts";
import { injectFaults } from "../policy/inject-faults.ts";
import { mirror } from "../policy/mirror.ts";
import { modifyRequest, modifyResponse } from "../policy/modify.ts";
import { nameFull } from "../policy/name-full.ts";
import { nameUnknown } from "../policy/name-unknown.ts";
import { type RetryOptions, retry } from "../policy/retry.ts";
import { split } from "../policy/split.ts";
import { type BrokerWatch, waitForBroker } from "../policy/wait-for-broker.ts";
import type { Call, Layer, Service } from "../stack/call.ts";
import { type Refused, refused } from "../stack/outcome.ts";
import { rescue, stack } from "../stack/stack.ts";
import type { Sweep } from "../stack/sweep.ts";
import type { Callee, Callees } from "./callees.ts";
import type { Steps } from "./filters.ts";
import type { HedgeWish } from "./further-attempts.ts";
import type { BackendPolicy, RulePolicy } from "./rule-policy.ts";

/** What the stacks of all rules share. */
export interface OutboundParts {
  readonly recorder: Recorder;
  readonly sweep: Sweep;
  /** Holds calls while the broker is restarted as planned; one for all rules. */
  readonly holdInPause: Layer;
  /** Limits the calls that wait for an answer; one for all rules, so that the limit is the sidecar's. */
  readonly limitPending: Layer;
  /** The same for copies of calls, which must never take the place of a call. */
  readonly limitMirrors: Layer;
  readonly mirrorSkipped: () => void;
  /** Where neither rule nor policy says anything. */
  readonly retry: RetryOptions;
  readonly callees: Callees;
  readonly broker: BrokerWatch;
  /** How long a call waits for a broker that is away; 0 to fail at once. */
  readonly brokerWaitMs: number;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly reportBug: (error: unknown) => void;
  /** Whether the registry says that it never saw the service, or the version, that a call is aimed at. */
  readonly isUnknown: (call: Call) => boolean;
  /** One attempt over the bus. */
  readonly send: Service;
}

type NamedLayers = Readonly<Record<string, Layer | undefined>>;

/** What happens to a call that a rule has taken, outermost first. What the rule does not ask for is not there. */
export const layersOf = (rule: RulePolicy, parts: OutboundParts): NamedLayers => ({
  // Around everything that may throw, so that a bug costs one call and not the sidecar.
  rescue: rescue(parts.reportBug),
  // Sees each call once, with all its attempts.
  record: record("client", parts.recorder, rule.sampledShare),
  // Who is held does not count as under way: a pause waits for those.
  holdInPause: parts.holdInPause,
  // Before anything else waits: waiting costs memory.
  limitPending: parts.limitPending,
  // One clock for the whole call: attempts, back-off and waits are all inside.
  deadline: deadline(parts.sweep),
  // The trouble that is put in must look to the caller like real trouble, so it comes before all help against it.
  injectFaults: rule.faults.length > 0 ? injectFaults(rule.faults, parts.random, parts.sweep) : undefined,
  waitForBroker:
    parts.brokerWaitMs > 0 ? waitForBroker(parts.broker, parts.brokerWaitMs, parts.sweep) : undefined,
  ...stepsOf(rule.steps, parts),
});

/** What happens to a call on its way to one backend, after those above. */
export const backendLayersOf = (
  backend: BackendPolicy,
  rule: RulePolicy,
  callee: Callee,
  parts: OutboundParts,
): NamedLayers => ({
  aim: backend.aim && aim(backend.aim.callee, backend.aim.target),
  ...stepsOf(backend.steps, parts),
  nameUnknown: backend.aim && nameUnknown(parts.isUnknown),
  // Calls that are held or tried again keep their places.
  limitPending: callee.pending?.layer,
  // A service that is given up is not tried, however often.
  breakService: callee.guard && breakService(callee.guard, serviceEjected(callee.service), parts.sweep.now),
  // What all attempts came to, in one word whichever way they went.
  nameFull: nameFull(({ target }) =>
    parts.callees.balancerFor(callee.service).presence(versionOf(target), parts.sweep.now()),
  ),
  retry: retry(rule.retry ?? parts.retry, {
    ...furtherParts(callee, parts),
    random: parts.random,
    unixMs: Date.now,
    hasOther: ({ target, tried = [] }) =>
      parts.callees.balancerFor(callee.service).hasOther(versionOf(target), tried, parts.sweep.now()),
    retried: () => void callee.counts.retries++,
  }),
  // Within an attempt, so that calls that wait for an instance spend no retries.
  park: callee.lot?.layer,
  hedge: rule.hedge && hedgeLayer(rule.hedge, callee, parts),
  // One attempt from here on.
  attemptDeadline: rule.attemptMs === undefined ? undefined : attemptDeadline(rule.attemptMs, parts.sweep),
  // Each attempt is for whoever is best now.
  balance: balance(parts.callees.balancerFor, parts.sweep.now),
});

const versionOf = (target: Target): string | undefined =>
  target.kind === "version" ? target.version : undefined;

const furtherParts = (callee: Callee, { sweep }: OutboundParts) => ({
  ...{ sweep, budget: callee.budget, field: fieldValue },
  isLesser: (call: Call) => callee.isLesser?.(call) === true,
});

function hedgeLayer({ attempts, delay }: HedgeWish, callee: Callee, parts: OutboundParts): Layer {
  return hedge(
    { attempts, delay: "ms" in delay ? delay.ms : callee.quantile(delay.percentile) },
    {
      ...furtherParts(callee, parts),
      apart: (next, { target }) => {
        if (target.kind !== "instance") return;
        next.tried ??= [];
        next.tried.push(target.instance);
      },
      hedged: (what) => void callee.counts.hedges[what]++,
    },
  );
}

const serviceEjected =
  (service: string) =>
  (retryAfterMs: number): Refused => ({
    ...refused("service-ejected", `${service} failed too many calls in a row`),
    retryAfterMs,
  });

const stepsOf = (
  { requestChanges, responseChanges, responseOwned, mirrors }: Steps,
  parts: OutboundParts,
): NamedLayers => ({
  modifyResponse: responseChanges.length > 0 ? modifyResponse(responseChanges, responseOwned) : undefined,
  modifyRequest: requestChanges.length > 0 ? modifyRequest(requestChanges) : undefined,
  // After the changes, so that the copy is what the backend gets.
  mirror:
    mirrors.length > 0
      ? mirror(
          mirrors.map((one) => ({ ...one, shadow: compileShadow(parts) })),
          parts.random,
          parts.sweep.now,
          parts.mirrorSkipped,
        )
      : undefined,
});

/**
 * The service of one rule. Made when policy changes, never for a call.
 * @param service that the caller named, where the rule leaves it at that
 */
export function compileRule(rule: RulePolicy, service: string, parts: OutboundParts): Service {
  return composed(layersOf(rule, parts))(rule.steps.answer ?? backendsOf(rule, service, parts));
}

function backendsOf(rule: RulePolicy, service: string, parts: OutboundParts): Service {
  const backends = rule.backends.map((backend) => {
    const callee = parts.callees.of(backend.aim?.callee ?? service);
    return {
      name: backend.name,
      weight: backend.weight,
      service: composed(backendLayersOf(backend, rule, callee, parts))(backend.steps.answer ?? parts.send),
    };
  });
  const [only] = backends;
  // Without a choice nothing is drawn, and nothing is said about it.
  if (backends.length === 1 && only!.weight > 0) return only!.service;
  return split(backends, rule.keyOf, parts.random);
}

/** A copy is tried once: it shall tell of the backend, and load it no more than its share. */
const compileShadow = (parts: OutboundParts): Service =>
  stack(
    rescue(parts.reportBug),
    record("client", parts.recorder),
    parts.limitMirrors,
    deadline(parts.sweep),
    balance(parts.callees.balancerFor, parts.sweep.now),
  )(parts.send);

const composed = (layers: NamedLayers): Layer => stack(...Object.values(layers));
