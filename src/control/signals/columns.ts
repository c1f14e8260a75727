import { BUCKETS } from "../../telemetry/histogram.ts";
import type { EdgeReport } from "./wire.ts";

/** What policy did, in the order of its columns. */
export const POLICY = [
  ...(["retries", "hedges", "ejections", "parked", "limited", "queued", "shed", "overloaded"] as const),
] as const;
export type PolicyCount = (typeof POLICY)[number];

/**
 * Everything that is counted of calls, as places in one array of numbers: durations by bucket, then statuses by class,
 * then the rest. So whatever is added up is added up by one loop.
 */
export const STATUSES = BUCKETS;
export const FAILED = STATUSES + 6;
export const SUM_MS = FAILED + 1;
export const POLICY_AT = SUM_MS + 1;
export const COLUMNS = POLICY_AT + POLICY.length;

export const columnOf = (count: PolicyCount): number => POLICY_AT + POLICY.indexOf(count);

/** The numbers of one report of an edge, column by column; columns without anything are left out. */
export function* columnsOf({ durations, statuses, failed, sumMs }: EdgeReport): Generator<[number, number]> {
  for (let i = 0; i < durations.length; i += 2) yield [durations[i]!, durations[i + 1]!];
  for (const [i, count] of statuses.entries()) if (count > 0) yield [STATUSES + i, count];
  if (failed > 0) yield [FAILED, failed];
  if (sumMs > 0) yield [SUM_MS, sumMs];
}
