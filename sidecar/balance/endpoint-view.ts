import type { GuardState } from "../breaker/guard.ts";
import type { Endpoint, Mark } from "./endpoint.ts";
import { warmth } from "./slow-start.ts";

/** An endpoint for people to look at: what `/endpoints` shows. */
export interface EndpointView {
  readonly instance: string;
  readonly version: string;
  readonly zone?: string;
  readonly state: GuardState;
  /** How long it stays ejected; 0 when its time is over and the next call is the probe. */
  readonly ejectedForMs?: number;
  /** It gets calls all the same, because too many of its version are ejected. */
  readonly panic?: true;
  /** Since this caller knows it. */
  readonly ejections: number;
  /** Passed over for a moment, and why. */
  readonly mark?: Mark;
  /** Calls under way. */
  readonly outstanding: number;
  /** Peak EWMA. */
  readonly latencyMs: number;
  /** Part of its whole share that a new one gets; 1 for one that is not new. */
  readonly warmth: number;
}

/** @param isPanicking so many of its version are ejected that all are used */
export function viewOf(
  endpoint: Endpoint,
  isPanicking: boolean,
  slowStartMs: number,
  now: number,
): EndpointView {
  const { instance, version, zone, state, guard, mark, outstanding, latency } = endpoint;
  return {
    instance,
    version,
    ...(zone === undefined ? {} : { zone }),
    state,
    ...(state === "ejected" ? { ejectedForMs: Math.max(0, Math.round(guard!.until - now)) } : {}),
    ...(isPanicking && !endpoint.admits(now) ? { panic: true } : {}),
    ejections: guard?.ejections ?? 0,
    ...(mark !== undefined && endpoint.isMarked(now) ? { mark } : {}),
    outstanding,
    latencyMs: Math.round(latency.at(now) * 10) / 10,
    warmth: Math.round(warmth(endpoint, slowStartMs, now) * 100) / 100,
  };
}
