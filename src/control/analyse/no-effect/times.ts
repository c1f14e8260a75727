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

/** `--timeout` of a sidecar that says nothing else: for a call of which neither policy, route nor app say more. */
export const USUAL_REQUEST = "15s";

/** How long a call may take, in ms; Infinity for no limit. */
export const wholeMs = ({ request = USUAL_REQUEST }: Times): number => limitMs(request);

/** The same in words: `request 2s`. */
export const wholeOf = ({ request }: Times): string =>
  request === undefined ? `request ${USUAL_REQUEST} (the default)` : `request ${request}`;

/** The limit that ends an attempt first, in words: `request 2s`. */
export const shortestOf = (times: Times): string =>
  limitMs(times.backendRequest) <= wholeMs(times) ? `backendRequest ${times.backendRequest}` : wholeOf(times);

/** How long an attempt may take, in ms; Infinity for no limit. */
export const attemptMs = (times: Times): number => Math.min(wholeMs(times), limitMs(times.backendRequest));
