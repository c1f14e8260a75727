import type { Call } from "./call.ts";

/**
 * One sentence about a call whose time is used up.
 * @param now ms of the monotonic clock
 * @param last what the call was doing, such as `lastAttempt`
 * @param isCallTime the time of the call is over, not only that of an attempt, of which the call's says nothing
 */
export function whereTimeWent(
  call: Call,
  now: number,
  last: string,
  isCallTime = call.attemptDueAt >= call.dueAt,
): string {
  const parts = (call.earlier ?? []).map(
    ({ instance, code, status, ms }, i) =>
      `attempt ${i + 1} took ${Math.round(ms)} ms (${instance === "" ? "no instance" : `instance ${instance}`}: ${code || status})`,
  );
  if (call.waitedMs >= 1) parts.unshift(`it waited ${Math.round(call.waitedMs)} ms`);
  const isTold = isCallTime && call.limitedBy !== "";
  const limit = isTold ? ` (${call.limitedBy} allows ${call.head.timeoutMs} ms)` : "";
  return `no answer within ${Math.round(now - call.startedAt)} ms${limit}: ${[...parts, last].join(", ")}`;
}

/** @param instance who had it; empty when nobody had said so */
export function lastAttempt({ attempt, callee }: Call, ms: number, instance: string): string {
  const had = instance === "" ? "no instance had confirmed it" : `${callee} (instance ${instance}) had it`;
  return `attempt ${attempt} took ${Math.round(ms)} ms, and ${had}`;
}
