import type { Endpoint } from "./endpoint.ts";

/** The least share of a new endpoint. Envoy's `min_weight_percent`. */
const LEAST = 0.1;

/** Part of its whole share that an endpoint gets, from a tenth to 1 (Envoy's slow start, linear). */
export function warmth(endpoint: Endpoint, slowStartMs: number, now: number): number {
  const age = now - endpoint.newSince;
  return age >= slowStartMs ? 1 : Math.max(LEAST, age / slowStartMs);
}

/** Makes the test whether an endpoint that was drawn leaves the call to another one, because it is still new. */
export const slowStart =
  (slowStartMs: number, random: () => number) =>
  (endpoint: Endpoint, now: number): boolean =>
    now - endpoint.newSince < slowStartMs && random() >= warmth(endpoint, slowStartMs, now);

/** Whether an endpoint that was drawn leaves the call to another one. */
export type StandsBack = (endpoint: Endpoint, now: number) => boolean;
