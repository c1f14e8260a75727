import { balance } from "../../../resources/balance.ts";
import { breaker } from "../../../resources/breaker.ts";
import { park } from "../../../resources/park.ts";
import { retry } from "../../../resources/retry.ts";
import type { Fault, ServicePolicy } from "../../../resources/service-policy.ts";
import { conditionsKey } from "../conditions.ts";
import { attemptMs, msOf, shortestOf, type Times, USUAL_REQUEST, wholeMs, wholeOf } from "./times.ts";

export type Spec = ServicePolicy["spec"];

/** Something that is written and does nothing. Without a cure that of the code is told. */
export interface Idle {
  readonly path: string;
  readonly message: string;
  readonly cure?: string;
}

/**
 * What a policy says in vain, by itself. A field that has its default counts as not written: nobody can tell.
 * @param routed the times of the calls to the service that come by routes: for some of them it may not be in vain
 */
export const idlePolicy = (spec: Spec, routed: readonly Times[] = []): Idle[] => [
  ...idleEmpty(spec),
  ...idleRetry(spec, routed),
  ...idleHedge(spec, routed),
  ...idleWaits(spec, routed),
  ...idleBalance(spec),
  ...idleBreaker(spec),
  ...idleLimits(spec),
  ...idleRate(spec),
  ...idleFaults(spec.faults),
];

/** No further attempt at the service is ever allowed. */
export const hasNoBudget = ({ retryBudget }: Spec): boolean =>
  retryBudget?.percent === 0 && retryBudget.minRetryRate === 0;

const NO_BUDGET = "retryBudget allows no further attempt: percent and minRetryRate are 0";

function idleEmpty(spec: Spec): Idle[] {
  const cure = "write what the policy is for, or delete it";
  if (Object.keys(spec).length === 0) return [{ path: "spec", message: "the policy says nothing", cure }];
  return (["timeouts", "limits", "faults"] as const).flatMap((field) =>
    spec[field] !== undefined && Object.keys(spec[field]).length === 0
      ? [{ path: `spec.${field}`, message: `${field} is empty` }]
      : [],
  );
}

function idleRetry(spec: Spec, routed: readonly Times[]): Idle[] {
  const { retry: written, timeouts = {} } = spec;
  if (written === undefined) return [];
  if (written.attempts === 0)
    return changed("retry", written, retry.parse({}), [
      "codes",
      "backoff",
      "maxBackoff",
      "maxRetryAfter",
    ]).map(({ path, field }) => ({
      path,
      message: `attempts 0 switches all retries off, so ${field} is for none`,
      cure: "write attempts of 1 or more, or leave it out",
    }));
  const idle: Idle[] = [];
  const { backoff } = written;
  if ([timeouts, ...routed].every((times) => msOf(backoff) >= wholeMs(times)))
    idle.push({
      path: "spec.retry.backoff",
      message: `no wait is as long as a backoff of ${backoff}: ${wholeOf(timeouts)} ends the call, and a wait takes half of what is left of it at most`,
      cure: `write far less than ${timeouts.request ?? USUAL_REQUEST}, or a longer timeouts.request`,
    });
  if (written.codes !== undefined && hasNoBudget(spec))
    idle.push({
      ...{ path: "spec.retry.codes", message: NO_BUDGET },
      cure: "give retryBudget something, or leave codes out",
    });
  return idle;
}

function idleHedge(spec: Spec, routed: readonly Times[]): Idle[] {
  const { hedge, timeouts = {}, balance: { policy } = balance.parse({}) } = spec;
  if (hedge === undefined) return [];
  if (hasNoBudget(spec))
    return [
      { path: "spec.hedge", message: NO_BUDGET, cure: "give retryBudget something, or leave hedge out" },
    ];
  if (policy === "queue-group") {
    const message =
      "with balance.policy queue-group the broker chooses, and may choose the instance that is slow";
    return [{ path: "spec.hedge", message, cure: "write another balance.policy, or leave hedge out" }];
  }
  const { delay } = hedge;
  if (delay === undefined || [timeouts, ...routed].some((times) => msOf(delay) < attemptMs(times))) return [];
  const message = `an attempt ends after ${shortestOf(timeouts)}, before another begins beside it after ${delay}`;
  return [{ path: "spec.hedge.delay", message, cure: "write a delay that is shorter than the timeouts" }];
}

/** Waits that outlast the call: it is ended by its deadline, and what stands at the end of the wait never happens. */
function idleWaits({ park: parked, limits, timeouts = {} }: Spec, routed: readonly Times[]): Idle[] {
  const mostMs = Math.max(...[timeouts, ...routed].map(wholeMs));
  const { request = USUAL_REQUEST } = timeouts;
  const idle: Idle[] = [];
  const judge = (path: string, wait: string, end: string) => {
    if (msOf(wait) <= mostMs) return;
    const isUsual = timeouts.request === undefined;
    const why = isUsual ? `it ends after ${request} by default` : `timeouts.request ends it after ${request}`;
    const message = `no call waits for ${wait}, because ${why}, and not ${end}`;
    const cure = `write at most ${request}${isUsual ? ", or a timeouts.request that is longer" : ""}`;
    idle.push({ path, message, cure });
  };
  if (limits?.queue !== undefined && limits.queue.calls !== 0)
    judge("spec.limits.queue.wait", limits.queue.wait, "the queue");
  if (parked === undefined) return idle;
  judge("spec.park.maxWait", parked.maxWait, "with parked-expired");
  const { maxCalls } = parked;
  if (maxCalls === park.parse({}).maxCalls) return idle;
  const path = "spec.park.maxCalls";
  const most = limits?.maxPending ?? Number.POSITIVE_INFINITY;
  if (msOf(parked.maxWait) === 0) idle.push({ path, message: "maxWait 0s switches parking off" });
  else if (maxCalls > most) {
    const message = `a call that is held counts for limits.maxPending, which is ${most}`;
    idle.push({ path, message, cure: `write at most ${most}` });
  }
  return idle;
}

function idleBalance({ balance: written }: Spec): Idle[] {
  if (written?.policy !== "consistent-hash" && written?.policy !== "queue-group") return [];
  const usual = balance.parse({});
  return changed("balance", written, usual, ["zone", "slowStart"]).map(({ path, field }) => ({
    path,
    message: `${field} does not apply to ${written.policy}`,
  }));
}

/** What decides when an instance is left out, and what decides for how long and for how many. */
const TRIGGERS = ["consecutiveFailures", "successRate"] as const;
const PENALTIES = ["minPenalty", "maxPenalty"] as const;

function idleBreaker({ breaker: written, balance: { policy } = balance.parse({}) }: Spec): Idle[] {
  if (written === undefined) return [];
  const usual = breaker.parse({});
  const told = (fields: readonly (keyof typeof written)[], message: string, cure?: string): Idle[] =>
    changed("breaker", written, usual, fields).map(({ path }) => ({ path, message, ...(cure && { cure }) }));
  const penalties = written.service === undefined ? PENALTIES : [];
  if (policy === "queue-group") {
    const message = "with balance.policy queue-group the broker chooses, so no instance is ever left out";
    const cure = "write another balance.policy, or leave it out";
    const all = told([...TRIGGERS, "maxEjectedPercent", ...penalties], message, cure);
    return all.length > 0 || written.service !== undefined ? all : [{ path: "spec.breaker", message, cure }];
  }
  if (written.consecutiveFailures === 0 && written.successRate === undefined)
    return told(
      ["maxEjectedPercent", ...penalties],
      "no instance is ever left out: consecutiveFailures is 0, and there is no successRate",
    );
  if (written.maxEjectedPercent > 0) return [];
  return told([...TRIGGERS, ...penalties], "maxEjectedPercent 0 leaves no instance out");
}

/** The default of `limits.queue.wait`: nobody can tell whether it was written. */
const USUAL_WAIT_MS = 100;
/** Of RFC 9218: none is less urgent. */
const LEAST_URGENT = 7;

function idleLimits({ limits: { priority, queue } = {} }: Spec): Idle[] {
  const idle: Idle[] = [];
  const tell = (path: string, message: string, cure: string) =>
    idle.push({ path: `spec.limits.${path}`, message, cure });
  const waitMs = queue === undefined ? USUAL_WAIT_MS : msOf(queue.wait);
  const { calls } = queue ?? {};
  if (calls === 0 && waitMs !== USUAL_WAIT_MS)
    tell("queue.wait", "queue.calls 0 lets no call wait", "let calls wait, or leave it out");
  if (calls !== undefined && calls > 0 && waitMs === 0)
    tell(
      "queue.calls",
      "queue.wait 0s lets no call wait, however many may",
      "write a wait such as 100ms, or calls 0",
    );
  if (priority === undefined) return idle;
  const { shedBelow } = priority;
  if (shedBelow === 0)
    tell(
      "priority.shedBelow",
      "shedBelow 0 keeps a fifth of the limit, and the queue, from all calls but those of u=0; one that says nothing has 3",
      "write 3 or more, or leave it out",
    );
  else if (shedBelow === LEAST_URGENT)
    tell(
      "priority.shedBelow",
      "shedBelow 7 sheds nothing: no call is less urgent than u=7",
      "write 6 or less, or leave it out",
    );
  else if (shedBelow === undefined && (calls === 0 || waitMs === 0))
    tell(
      "priority",
      `${calls === 0 ? "queue.calls 0" : "queue.wait 0s"} lets no call wait, and without shedBelow none is refused for its urgency`,
      "write shedBelow, or let calls wait",
    );
  return idle;
}

type Rate = NonNullable<NonNullable<Spec["rateLimit"]>["global"]>;

/** A bucket that fills faster and holds more than another never runs dry before it. */
function idleRate({ rateLimit: { local, global } = {} }: Spec): Idle[] {
  if (local === undefined || global === undefined) return [];
  const perMs = ({ requests, interval }: Rate) => requests / msOf(interval);
  const burst = ({ requests, burst }: Rate) => burst ?? requests;
  if (perMs(local) < perMs(global) || burst(local) < burst(global)) return [];
  const message = "an instance would let through no less than global allows all of them together";
  return [{ path: "spec.rateLimit.local", message, cure: "write less than global has, or leave it out" }];
}

const EVERY_CALL = conditionsKey({ path: { type: "PathPrefix", value: "/" } });

function idleFaults(faults: readonly Fault[] = []): Idle[] {
  const before = new Set<string>();
  return faults.flatMap(({ matches, delay }, i): Idle[] => {
    const path = `spec.faults[${i}]`;
    const keys = matches.map(conditionsKey);
    const isHidden = keys.every((key) => before.has(EVERY_CALL) || before.has(key));
    for (const key of keys) before.add(key);
    if (isHidden) {
      const cure = "leave it out, or put it before the others";
      return [{ path, message: "faults before it take all of its calls, and only the first is used", cure }];
    }
    if (delay === undefined || msOf(delay.duration) > 0) return [];
    return [{ path: `${path}.delay`, message: "a delay of 0s holds nothing" }];
  });
}

/** Those fields that do not have what they have by default. */
function changed<T extends object>(at: string, written: T, usual: T, fields: readonly (keyof T & string)[]) {
  return fields
    .filter((field) => written[field] !== undefined && written[field] !== usual[field])
    .map((field) => ({ path: `spec.${at}.${field}`, field }));
}
