import type { Account } from "../../src/control/explain/account.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import type { Side } from "../../src/telemetry/side.ts";
import { fieldValue } from "../http/header-block.ts";
import type { Call } from "../stack/call.ts";
import { accountOf, rounded, told } from "./accounts.ts";

/** An attempt of a call that has no outcome yet; on the callee's side the call itself. */
export interface UnderWay {
  readonly call: Call;
  /** In ms of the monotonic clock. */
  readonly startedAt: number;
  /** Who has it; empty while nobody has said so. */
  readonly instance: string;
}

/**
 * What this sidecar tells of the calls with that `x-request-id` that have not ended, the oldest first. They are looked
 * for when somebody asks, so they cost a call nothing.
 * @param now ms of the monotonic clock
 */
export function accountsUnderWay(
  found: readonly UnderWay[],
  requestId: string,
  side: Side,
  self: { readonly service: string; readonly instance: string },
  now: number,
): Account[] {
  const calls = new Map<string, UnderWay[]>();
  for (const one of found) {
    const { head, startedAt, traceparent } = one.call;
    if (fieldValue(head.headers, HEADER.requestId) !== requestId) continue;
    // Attempts that run side by side have calls of their own, but one span.
    const key = `${traceparent} ${startedAt}`;
    calls.set(key, [...(calls.get(key) ?? []), one]);
  }
  return [...calls.values()]
    .map((attempts) => accountOfAttempts(attempts, side, self, now))
    .sort((a, b) => a.at - b.at);
}

function accountOfAttempts(
  attempts: readonly UnderWay[],
  side: Side,
  self: { readonly service: string; readonly instance: string },
  now: number,
): Account {
  const [{ call }] = attempts as [UnderWay];
  const { head, startedAt, earlier = [] } = call;
  const { headers, method, path, caller } = head;
  const ended = { status: 0, code: "", message: "", ms: now - startedAt } as const;
  const running = attempts.map(({ startedAt, instance }) => ({
    ...{ instance, code: "", status: 0, afterMs: rounded(startedAt - call.startedAt) },
    ms: rounded(now - startedAt),
  }));
  return {
    ...accountOf({ ...call, ...ended, side, headers, method, path, caller, asked: head.callee }, self),
    attempts: [...earlier.map(told), ...running],
    underWay: true,
  };
}
