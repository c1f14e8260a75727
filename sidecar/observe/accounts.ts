import type { Account, AccountAttempt } from "../../src/control/explain/account.ts";
import type { EarlierAttempt } from "../stack/call.ts";
import { marksOf } from "../stack/marks.ts";
import { withoutQuery } from "../stack/without-query.ts";
import type { RecentCall } from "./recent-calls.ts";
import { unixZero } from "./unix-zero.ts";

/** What this sidecar tells of a call that it remembers, for `weft explain`: no header field, and no query. */
export function accountOf(
  call: RecentCall,
  { service, instance }: { readonly service: string; readonly instance: string },
): Account {
  const { side, rule, choice, injected, mirrored, access, marks, waitedMs, message, traceparent } = call;
  const words = marksOf(marks);
  const slash = rule?.name.lastIndexOf("/") ?? -1;
  return {
    ...{ side, service, instance },
    at: rounded(unixZero() + call.startedAt),
    method: call.method,
    path: withoutQuery(call.path),
    caller: call.caller,
    callee: call.callee,
    ...(rule !== undefined && slash > 0
      ? { route: rule.name.slice(0, slash), rule: rule.name.slice(slash + 1), why: rule.why }
      : {}),
    ...(choice === ""
      ? call.version === ""
        ? {}
        : { backend: `${call.callee} v${call.version}` }
      : { backend: choice }),
    // The callee is asked once, by itself.
    attempts: attemptsOf(side === "client" ? call : { ...call, begun: 1, instance }),
    ...(injected === "" ? {} : { injected }),
    ...(mirrored ? { mirrored } : {}),
    ...(access === "" ? {} : { access }),
    ...(words === "" ? {} : { marks: words }),
    ...(waitedMs === 0 ? {} : { waitedMs: rounded(waitedMs) }),
    status: call.status,
    code: call.code,
    ...(message === "" ? {} : { message }),
    ms: rounded(call.ms),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/**
 * Those before the last say their time themselves; the last has what is left, without the waits, if it does not say, and
 * ends with the call.
 */
function attemptsOf(call: RecentCall): AccountAttempt[] {
  const { earlier = [], begun, instance, code, status, ms, waitedMs, lastMs } = call;
  const before = earlier.reduce((sum, attempt) => sum + attempt.ms, waitedMs);
  const tookMs = lastMs ?? Math.max(0, ms - before);
  const last = { instance, code, status, afterMs: rounded(Math.max(0, ms - tookMs)), ms: rounded(tookMs) };
  // A call may also end between two attempts.
  return [...earlier.map(told), ...(begun > earlier.length ? [last] : [])];
}

/** An attempt that was not the last. */
export const told = (attempt: EarlierAttempt): AccountAttempt => ({
  ...attempt,
  ...{ afterMs: rounded(attempt.afterMs), ms: rounded(attempt.ms) },
});

export const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
