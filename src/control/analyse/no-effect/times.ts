import { parseDuration } from "../../../protocol/duration.ts";

/** `timeouts` of a policy or of the rule of a route. */
export interface Times {
  readonly request?: string;
  readonly backendRequest?: string;
}

/** A duration that the schema has checked, in ms. */
export const msOf = (text: string): number => parseDuration(text)!;

/** A limit in ms. Without one, and with `0s` (GEP-1742), Infinity: then nothing can be said of what fits into it. */
export function limitMs(text: string | undefined): number {
  const ms = text === undefined ? 0 : msOf(text);
  return ms === 0 ? Number.POSITIVE_INFINITY : ms;
}

/** The limit that ends an attempt first, as it is written: `request 2s`. */
export function shortestOf({ request, backendRequest }: Times): string {
  return limitMs(backendRequest) <= limitMs(request)
    ? `backendRequest ${backendRequest}`
    : `request ${request}`;
}

/** How long an attempt may take, in ms; Infinity for no limit. */
export const attemptMs = ({ request, backendRequest }: Times): number =>
  Math.min(limitMs(request), limitMs(backendRequest));
