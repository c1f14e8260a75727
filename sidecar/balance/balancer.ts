import { isDeepStrictEqual } from "node:util";
import type { InstanceRow } from "../../src/registry/wire.ts";
import type { EjectionReason } from "../breaker/breaker.ts";
import { Guard } from "../breaker/guard.ts";
import { type BreakerSettings, instanceBreaker } from "../breaker/settings.ts";
import type { Replied } from "../stack/outcome.ts";
import type { Hash, KeyOf } from "./consistent-hash.ts";
import { Endpoint, type EndpointParts } from "./endpoint.ts";
import { type EndpointView, viewOf } from "./endpoint-view.ts";
import { PeakLatency } from "./latency.ts";
import { NOBODY, type Picker } from "./picker.ts";
import { Pool, type PoolPolicy } from "./pool.ts";
import { type BalanceSettings, policyOf } from "./settings.ts";
import { panickingOf } from "./usable.ts";

/** What policy says for one service. */
export interface BalancerPolicy {
  readonly balance: BalanceSettings;
  readonly breaker: BreakerSettings;
  /** For `consistent-hash`. */
  readonly keyOf: KeyOf | undefined;
}

export interface BalancerParts {
  /** The zone of this sidecar. */
  readonly zone: string | undefined;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly hash: Hash;
  /** Of a 429 or 503; undefined when it has none. */
  readonly retryAfterMs: (answer: Replied) => number | undefined;
  /** For metrics, and for the hints to other callers. */
  readonly ejected: (endpoint: Endpoint, reason: EjectionReason, forMs: number) => void;
}

/**
 * What one caller knows of the instances of one service. It thinks on events: rows that come and go, policy that
 * changes, endpoints that fail. Its pickers answer each call. Times are in ms of the monotonic clock.
 */
export class Balancer {
  readonly #parts: BalancerParts;
  readonly #endpointParts: EndpointParts;
  #policy: BalancerPolicy;
  #poolPolicy: PoolPolicy;
  #rows: readonly InstanceRow[] | undefined;
  #hasKnownAny = false;
  #endpoints = new Map<string, Endpoint>();
  #pools = new Map<string | undefined, Pool>();

  constructor(parts: BalancerParts, policy: BalancerPolicy) {
    this.#parts = parts;
    this.#endpointParts = {
      random: parts.random,
      retryAfterMs: parts.retryAfterMs,
      changed: () => this.#changed(),
    };
    this.#policy = policy;
    this.#poolPolicy = this.#poolPolicyOf(policy);
  }

  /** Takes another policy. What is known of the endpoints stays, but their breakers begin anew if theirs is another. */
  configure(policy: BalancerPolicy): void {
    const sameBreaker = isDeepStrictEqual(policy.breaker, this.#policy.breaker);
    this.#policy = policy;
    this.#poolPolicy = this.#poolPolicyOf(policy);
    if (!sameBreaker)
      for (const endpoint of this.#endpoints.values()) endpoint.guard = this.#guardOf(endpoint);
    this.#pools.clear();
    this.#fillPools();
  }

  /** Whether it has taken this very list. */
  isAt(rows: readonly InstanceRow[]): boolean {
    return rows === this.#rows;
  }

  /** Whether an instance was ever there. */
  get isKnown(): boolean {
    return this.#hasKnownAny;
  }

  /** Takes the rows of the service as they are now. The same list once more costs nothing. */
  update(rows: readonly InstanceRow[], now: number): void {
    if (this.isAt(rows)) return;
    // Those that were there before this caller began to look are no news; its first look finds an empty table.
    const newSince = this.#hasKnownAny ? now : Number.NEGATIVE_INFINITY;
    this.#hasKnownAny ||= rows.length > 0;
    this.#rows = rows;
    const latencyMs = this.#usualLatency(now);
    const next = new Map<string, Endpoint>();
    for (const row of rows) {
      const known = this.#endpoints.get(row.instance);
      const isKnown = known?.startedAt === row.startedAt && known.version === row.version;
      next.set(row.instance, isKnown ? known : this.#endpointOf(row, latencyMs, newSince, now));
    }
    this.#endpoints = next;
    this.#fillPools();
  }

  /** Who chooses among the instances of a version, or of any. */
  picker(version: string | undefined): Picker {
    return this.#pools.get(version) ?? NOBODY;
  }

  /**
   * The instances of a version, or of any, when the broker knows none that takes calls: those that are not on the bus are
   * not there, and of the others that one is full whose last word that was, or that gave no reason at all.
   */
  presence(version: string | undefined, now: number): { readonly up: number; readonly isFull: boolean } {
    let up = 0;
    let isFull = false;
    for (const endpoint of this.#endpoints.values()) {
      if (version !== undefined && endpoint.version !== version) continue;
      const mark = endpoint.isMarked(now) ? endpoint.mark : undefined;
      if (mark === "absent") continue;
      up++;
      isFull ||= mark === "full" || (mark === undefined && endpoint.state === "admitting");
    }
    return { up, isFull };
  }

  /** Whether an instance of a version, or of any, may get calls that is not among `tried`. */
  hasOther(version: string | undefined, tried: readonly string[], now: number): boolean {
    for (const endpoint of this.#endpoints.values())
      if (
        (version === undefined || endpoint.version === version) &&
        !tried.includes(endpoint.instance) &&
        !endpoint.isMarked(now) &&
        endpoint.admits(now)
      )
        return true;
    return false;
  }

  endpoint(instance: string): Endpoint | undefined {
    return this.#endpoints.get(instance);
  }

  /**
   * Another caller has ejected an instance.
   * @param caller its service, as the broker vouches for it
   */
  hinted(instance: string, caller: string, now: number): void {
    this.#endpoints.get(instance)?.guard?.hints.hear(caller, now);
  }

  /** All of them, for people to look at. */
  endpoints(now: number): EndpointView[] {
    const { balance, breaker } = this.#policy;
    const all = [...this.#endpoints.values()];
    const panicking = panickingOf(all, breaker.maxEjectedPercent, now);
    return all.map((one) => viewOf(one, panicking.has(one.version), balance.slowStartMs, now));
  }

  #poolPolicyOf({ balance, breaker, keyOf }: BalancerPolicy): PoolPolicy {
    const { random, hash, zone } = this.#parts;
    return {
      policy: policyOf(balance, { random, hash, keyOf }),
      zone: balance.prefersZone ? zone : undefined,
      maxEjectedPercent: breaker.maxEjectedPercent,
      random,
    };
  }

  /**
   * Of one that nothing is known of, the best guess is that it is like the others: the lower median, because one that
   * just died or fails looks slower than all others together.
   */
  #usualLatency(now: number): number {
    const all = [...this.#endpoints.values()].map(({ latency }) => latency.at(now)).sort((a, b) => a - b);
    return all[(all.length - 1) >> 1] ?? 0;
  }

  #endpointOf(row: InstanceRow, latencyMs: number, newSince: number, now: number): Endpoint {
    const endpoint = new Endpoint(row, this.#endpointParts, new PeakLatency(latencyMs, now), newSince);
    endpoint.guard = this.#guardOf(endpoint);
    return endpoint;
  }

  #guardOf(endpoint: Endpoint): Guard | undefined {
    const { breaker: settings } = this.#policy;
    const breaker = instanceBreaker(settings);
    return (
      breaker &&
      new Guard({
        breaker,
        minPenaltyMs: settings.minPenaltyMs,
        maxPenaltyMs: settings.maxPenaltyMs,
        random: this.#parts.random,
        changed: this.#endpointParts.changed,
        ejected: (reason, forMs) => this.#parts.ejected(endpoint, reason, forMs),
      })
    );
  }

  #fillPools(): void {
    const all = [...this.#endpoints.values()];
    const byVersion = new Map<string | undefined, Endpoint[]>([[undefined, all]]);
    for (const endpoint of all) {
      const same = byVersion.get(endpoint.version);
      if (same === undefined) byVersion.set(endpoint.version, [endpoint]);
      else same.push(endpoint);
    }
    for (const version of this.#pools.keys()) if (!byVersion.has(version)) this.#pools.delete(version);
    for (const [version, endpoints] of byVersion) {
      const pool = this.#pools.get(version);
      if (pool === undefined) this.#pools.set(version, new Pool(endpoints, this.#poolPolicy));
      else pool.replace(endpoints);
    }
  }

  #changed(): void {
    for (const pool of this.#pools.values()) pool.changed();
  }
}
