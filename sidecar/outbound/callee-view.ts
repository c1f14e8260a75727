import type { EndpointView } from "../balance/endpoint-view.ts";
import type { EjectionReason } from "../breaker/breaker.ts";
import type { GuardState } from "../breaker/guard.ts";
import type { ParkingLot } from "../policy/park.ts";
import type { RetryBudget } from "../policy/retry-budget.ts";
import type { Callee } from "./callees.ts";

/** What happened to the calls to one service, counted since it was first called. */
export class CalleeCounts {
  retries = 0;
  readonly hedges = { begun: 0, won: 0 };
  /** Of instances by reason, and under `service` those of the service as a whole. */
  readonly ejections: Partial<Record<EjectionReason | "service", number>> = {};

  ejected(instance: string, why: EjectionReason): void {
    const reason = instance === "" ? "service" : why;
    this.ejections[reason] = (this.ejections[reason] ?? 0) + 1;
  }
}

/** A service that this sidecar calls, for people and for metrics to look at. */
export interface CalleeView {
  readonly service: string;
  /** An instance of it is, or was, there. */
  readonly isKnown: boolean;
  readonly retries: number;
  readonly budget: ReturnType<RetryBudget["read"]>;
  readonly hedges: Readonly<CalleeCounts["hedges"]>;
  readonly ejections: Readonly<Record<string, number>>;
  /** Of the breaker for the whole service; absent when policy has none. */
  readonly breaker?: { readonly state: GuardState; readonly ejectedForMs?: number };
  /** Absent when policy holds no calls. */
  readonly parked?: ParkingLot["counts"];
  readonly endpoints: readonly EndpointView[];
}

export function viewOf({ service, budget, balancer, guard, lot, counts }: Callee, now: number): CalleeView {
  const endpoints = balancer.endpoints(now);
  return {
    service,
    isKnown: balancer.isKnown,
    retries: counts.retries,
    budget: budget.read(now),
    hedges: counts.hedges,
    ejections: counts.ejections,
    ...(guard === undefined ? {} : { breaker: breakerOf(guard.state, guard.until - now) }),
    ...(lot === undefined ? {} : { parked: lot.counts }),
    endpoints,
  };
}

const breakerOf = (state: GuardState, leftMs: number) => ({
  state,
  ...(state === "ejected" ? { ejectedForMs: Math.max(0, Math.round(leftMs)) } : {}),
});
