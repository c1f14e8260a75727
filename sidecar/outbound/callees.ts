import { parseDuration } from "../../src/protocol/duration.ts";
import type { InstanceRow } from "../../src/registry/wire.ts";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import { Balancer, type BalancerParts, type BalancerPolicy } from "../balance/balancer.ts";
import type { Endpoint } from "../balance/endpoint.ts";
import { balanceSettings } from "../balance/settings.ts";
import type { EjectionReason } from "../breaker/breaker.ts";
import { ConsecutiveFailures } from "../breaker/consecutive.ts";
import { Guard } from "../breaker/guard.ts";
import { type BreakerSettings, breakerSettings } from "../breaker/settings.ts";
import { budgetOf } from "../budget-of.ts";
import { LatencyQuantile } from "../policy/latency-quantile.ts";
import { PendingLimit } from "../policy/limit-pending.ts";
import { ParkingLot } from "../policy/park.ts";
import { RetryBudget } from "../policy/retry-budget.ts";
import type { PolicySource } from "../policy-source.ts";
import type { Call } from "../stack/call.ts";
import type { Sweep } from "../stack/sweep.ts";
import { CalleeCounts, type CalleeView, viewOf } from "./callee-view.ts";
import { lesserOf } from "./lesser.ts";
import { keyOf } from "./sticky.ts";

/** What this sidecar knows of one service that it calls; it outlives every change of policy. */
export interface Callee {
  readonly service: string;
  readonly budget: RetryBudget;
  readonly balancer: Balancer;
  /** For metrics. */
  readonly counts: CalleeCounts;
  /** Limits the calls to it that wait for an answer; undefined when policy does not. */
  pending: PendingLimit | undefined;
  /** Refuses calls to all of it; undefined when policy has no such breaker. */
  guard: Guard | undefined;
  /** Which calls it refuses before others; undefined when policy does not rank them. */
  isLesser: ((call: Call) => boolean) | undefined;
  /** Holds calls while no instance is there; undefined when policy does not want it. */
  lot: ParkingLot | undefined;
  /** Stops hearing what other callers say of it. */
  readonly unfollow: () => void;
  /** How long its answers take, for hedging. */
  quantile(percentile: number): LatencyQuantile;
}

export interface CalleesOptions {
  /** The service that calls. */
  readonly caller: string;
  readonly policies: PolicySource;
  /** The instances of a service as last known: the same list until something changes. */
  readonly instances: (service: string) => readonly InstanceRow[];
  /** The same for all services that were asked for; to look at them is no use of them. */
  readonly allInstances: () => Readonly<Record<string, readonly InstanceRow[]>>;
  readonly balancerParts: Omit<BalancerParts, "ejected">;
  readonly ejected: (service: string, instance: string, reason: EjectionReason, forMs: number) => void;
  /** Begins to hear which instances of a service other callers eject (`hinted`); returns the way to stop. */
  readonly followHints?: (service: string) => () => void;
  readonly sweep: Sweep;
}

/** More than any program calls; beyond it the one known for longest is forgotten. */
const MOST_CALLEES = 1024;

/**
 * The services that this sidecar calls. What belongs to the called service (balancing, breakers, the budget) follows the
 * policy of that service, whichever route a call came by.
 */
export class Callees {
  readonly #options: CalleesOptions;
  readonly #callees = new Map<string, Callee>();
  /** Those that were ejected, and their services; looked through when somebody asks. */
  readonly #ejected = new Map<Endpoint, string>();
  readonly #stop: () => void;

  constructor(options: CalleesOptions) {
    this.#options = options;
    this.#stop = options.policies.onChange((service) => {
      const callee = this.#callees.get(service);
      if (callee !== undefined) this.#configure(callee);
    });
  }

  of(service: string): Callee {
    return this.#callees.get(service) ?? this.#add(service);
  }

  /** For the balance layer: knows the instances as they are now. */
  readonly balancerFor = (service: string): Balancer => {
    const { balancer } = this.of(service);
    // The table follows a service from its first use on.
    const rows = this.#options.instances(service);
    if (!balancer.isAt(rows)) balancer.update(rows, this.#options.sweep.now());
    return balancer;
  };

  /** An instance has come. */
  up({ service, version }: InstanceRow): void {
    this.#callees.get(service)?.lot?.up(version);
  }

  /** Another caller has ejected an instance. */
  hinted(service: string, instance: string, caller: string): void {
    this.#callees.get(service)?.balancer.hinted(instance, caller, this.#options.sweep.now());
  }

  /** Each service with its instances as this caller sees them, what is left of its budget, and what was done so far. */
  views(): CalleeView[] {
    this.#refresh();
    const now = this.#options.sweep.now();
    return [...this.#callees.values()].map((callee) => viewOf(callee, now));
  }

  /** `<service>.<instance>` of those that get no calls from here now, or only one that tries them. */
  ejected(): string[] {
    const now = this.#options.sweep.now();
    const names: string[] = [];
    for (const [endpoint, service] of this.#ejected) {
      const isThere = this.#callees.get(service)?.balancer.endpoint(endpoint.instance) === endpoint;
      if (!isThere || endpoint.state === "admitting") this.#ejected.delete(endpoint);
      // One whose time is over, and that nobody has called since, is no longer left out.
      else if (!endpoint.admits(now)) names.push(`${service}.${endpoint.instance}`);
    }
    return names;
  }

  /** Services whose calls are refused from here now, but for one that tries them. */
  ejectedServices(): string[] {
    const now = this.#options.sweep.now();
    return [...this.#callees.values()].flatMap(({ service, guard }) =>
      guard === undefined || guard.admits(now) ? [] : [service],
    );
  }

  /** So that an instance that is gone is not shown until the next call. */
  #refresh(): void {
    const now = this.#options.sweep.now();
    for (const [service, rows] of Object.entries(this.#options.allInstances()))
      this.#callees.get(service)?.balancer.update(rows, now);
  }

  close(): void {
    this.#stop();
    for (const callee of [...this.#callees.values()]) this.#forget(callee);
  }

  #forget({ service, unfollow }: Callee): void {
    unfollow();
    this.#callees.delete(service);
  }

  #add(service: string): Callee {
    if (this.#callees.size >= MOST_CALLEES) this.#forget(this.#callees.values().next().value!);
    const { balancerParts, followHints = () => () => {} } = this.#options;
    const policy = this.#options.policies.get(service)?.policy;
    const quantiles = new Map<number, LatencyQuantile>();
    const callee: Callee = {
      service,
      budget: new RetryBudget(budgetOf(policy)),
      balancer: new Balancer(
        {
          ...balancerParts,
          ejected: (endpoint, reason, forMs) => {
            this.#ejected.set(endpoint, service);
            this.#tellEjected(callee, endpoint.instance, reason, forMs);
          },
        },
        this.#balancerPolicyOf(policy),
      ),
      counts: new CalleeCounts(),
      pending: pendingOf(undefined, service, policy),
      guard: undefined,
      isLesser: lesserOf(policy?.spec.limits),
      lot: this.#lotOf(undefined, policy),
      unfollow: followHints(service),
      quantile(percentile) {
        const known = quantiles.get(percentile) ?? new LatencyQuantile(percentile);
        quantiles.set(percentile, known);
        return known;
      },
    };
    callee.guard = this.#guardOf(callee, breakerSettings(policy?.spec.breaker));
    this.#callees.set(service, callee);
    return callee;
  }

  #configure(callee: Callee): void {
    const policy = this.#options.policies.get(callee.service)?.policy;
    callee.budget.configure(budgetOf(policy));
    callee.balancer.configure(this.#balancerPolicyOf(policy));
    callee.pending = pendingOf(callee.pending, callee.service, policy);
    callee.isLesser = lesserOf(policy?.spec.limits);
    callee.lot = this.#lotOf(callee.lot, policy);
    callee.guard = this.#guardOf(callee, breakerSettings(policy?.spec.breaker));
  }

  #balancerPolicyOf(policy: ServicePolicy | undefined): BalancerPolicy {
    const hash = policy?.spec.balance?.hash;
    return {
      balance: balanceSettings(policy?.spec.balance),
      breaker: breakerSettings(policy?.spec.breaker),
      keyOf: hash && keyOf(hash, this.#options.caller),
    };
  }

  #lotOf(before: ParkingLot | undefined, policy: ServicePolicy | undefined): ParkingLot | undefined {
    const park = policy?.spec.park;
    const maxWaitMs = park === undefined ? 0 : parseDuration(park.maxWait)!;
    if (park === undefined || maxWaitMs === 0) return undefined;
    const settings = { maxWaitMs, maxCalls: park.maxCalls };
    const { sweep, balancerParts } = this.#options;
    if (before === undefined) return new ParkingLot(settings, { sweep, random: balancerParts.random });
    before.configure(settings);
    return before;
  }

  /** @param instance empty for the service as a whole */
  #tellEjected({ service, counts }: Callee, instance: string, reason: EjectionReason, forMs: number): void {
    counts.ejected(instance, reason);
    this.#options.ejected(service, instance, reason, forMs);
  }

  #guardOf(callee: Callee, settings: BreakerSettings): Guard | undefined {
    const { serviceFailures, minPenaltyMs, maxPenaltyMs } = settings;
    if (serviceFailures === undefined) return undefined;
    const { random } = this.#options.balancerParts;
    return new Guard({
      breaker: new ConsecutiveFailures(serviceFailures),
      ...{ minPenaltyMs, maxPenaltyMs, random },
      changed: () => {},
      ejected: (reason, forMs) => this.#tellEjected(callee, "", reason, forMs),
    });
  }
}

function pendingOf(
  before: PendingLimit | undefined,
  service: string,
  policy: ServicePolicy | undefined,
): PendingLimit | undefined {
  const most = policy?.spec.limits?.maxPending;
  if (most === undefined) return undefined;
  if (before === undefined) return new PendingLimit(most, `this sidecar to ${service}`);
  before.configure(most);
  return before;
}
