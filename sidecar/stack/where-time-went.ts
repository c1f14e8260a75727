import type { Call } from "./call.ts";

/**
 * One sentence about a call whose time is used up.
 * @param now ms of the monotonic clock
 * @param last what the call was doing, such as `attempt 2 took 80 ms, and orders (instance b) had it`
 */
export function whereTimeWent(call: Call, now: number, last: string): string {
  const parts = (call.earlier ?? []).map(
    ({ instance, code, status, ms }, i) =>
      `attempt ${i + 1} took ${Math.round(ms)} ms (${instance === "" ? "no instance" : `instance ${instance}`}: ${code || status})`,
  );
  if (call.waitedMs >= 1) parts.unshift(`it waited ${Math.round(call.waitedMs)} ms`);
  // When it was an attempt's own time that is over, the call's says nothing.
  const limit =
    call.limitedBy === "" || call.attemptDueAt < call.dueAt
      ? ""
      : ` (${call.limitedBy} allows ${call.head.timeoutMs} ms)`;
  return `no answer within ${Math.round(now - call.startedAt)} ms${limit}: ${[...parts, last].join(", ")}`;
}
