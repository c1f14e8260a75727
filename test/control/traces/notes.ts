import type { Account } from "../../../src/control/explain/account.ts";
import type { TraceNote } from "../../../src/control/traces/wire.ts";

export const traceId = (n: number): string => n.toString(16).padStart(32, "a");

/** A call of shop's to orders that failed. */
export const aNote = (over: Partial<TraceNote> = {}): TraceNote => ({
  ...{ traceId: traceId(1), why: "failed", side: "client", at: 1000, ms: 20, method: "GET" },
  ...{ caller: "shop", callee: "orders", status: 503, code: "no-instance", attempts: 2 },
  ...over,
});

/** Shop's account of a call to orders, which o1 answered. */
export const anAccount = (over: Partial<Account> = {}): Account => ({
  ...{ side: "client", service: "shop", instance: "s1", at: 1000, method: "GET", path: "/x" },
  ...{ caller: "shop", callee: "orders", attempts: [{ instance: "o1", code: "", status: 200, ms: 18 }] },
  ...{ status: 200, code: "", ms: 20 },
  ...over,
});

/** The callee's account of it. */
export const served = (over: Partial<Account> = {}): Account =>
  anAccount({ side: "server", service: "orders", instance: "o1", at: 1001, ms: 18, ...over });
