import type { CallStats } from "../../src/registry/wire.ts";
import type { Service } from "../stack/call.ts";

/** Counts what the app answers, for service discovery (ADR-32 STATS): calls, those that failed, time taken. */
export function countCalls(app: Service, now: () => number): { service: Service; stats: () => CallStats } {
  let calls = 0;
  let errors = 0;
  let busyMs = 0;
  return {
    service: (call) => {
      const startedAt = now();
      return app(call).then((outcome) => {
        calls++;
        busyMs += now() - startedAt;
        if (outcome.kind !== "replied" || outcome.status >= 500) errors++;
        return outcome;
      });
    },
    stats: () => ({ calls, errors, busyMs }),
  };
}
