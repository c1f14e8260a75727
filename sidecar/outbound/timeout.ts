import { parseDuration } from "../../src/protocol/duration.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import { fieldValue } from "../http/header-block.ts";

const GRPC_UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};
/** One pass over the block decides whether any of the fields below can be there: most calls have none. */
const ANY_OF_THEM = /^(?:weft-timeout|grpc-timeout|x-envoy-)/im;

/**
 * The time that the app gives its call: `weft-timeout` (GEP-2257), else `grpc-timeout` (gRPC over HTTP/2), else
 * Envoy's `x-envoy-expected-rq-timeout-ms` and `x-envoy-upstream-rq-timeout-ms`. A zero means no limit (GEP-1742).
 * @returns ms, or Infinity; undefined when the app says nothing; a problem when `weft-timeout` is no duration
 */
export function timeoutOf(headers: string): number | undefined | { readonly problem: string } {
  if (!ANY_OF_THEM.test(headers)) return undefined;
  const own = fieldValue(headers, HEADER.timeout);
  if (own !== undefined) {
    const ms = parseDuration(own);
    return ms === undefined
      ? { problem: `${HEADER.timeout} is not a duration such as 2s, 250ms or 1m30s` }
      : orNever(ms);
  }
  const grpc = /^(\d{1,8})([HMSmun])$/.exec(fieldValue(headers, "grpc-timeout") ?? "");
  if (grpc) return Math.max(1, Number(grpc[1]) * GRPC_UNIT_MS[grpc[2]!]!);
  const envoy =
    fieldValue(headers, "x-envoy-expected-rq-timeout-ms") ??
    fieldValue(headers, "x-envoy-upstream-rq-timeout-ms");
  return envoy !== undefined && /^\d{1,9}$/.test(envoy) ? orNever(Number(envoy)) : undefined;
}

/**
 * The time that a call gets: what the app asks for, but never more than policy allows.
 * @param allowedMs of the route or the service; undefined when they say nothing
 */
export function limitOf(
  askedMs: number | undefined,
  allowedMs: number | undefined,
  byDefaultMs: number,
): number {
  if (askedMs === undefined) return allowedMs ?? byDefaultMs;
  return Math.min(askedMs, allowedMs ?? Number.POSITIVE_INFINITY);
}

const orNever = (ms: number): number => (ms === 0 ? Number.POSITIVE_INFINITY : ms);
