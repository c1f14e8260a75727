import type { Account } from "../../src/control/explain/account.ts";
import { treeOf } from "../../src/control/traces/tree.ts";
import type { KeptTrace, Trace, TraceSpan } from "../../src/dashboard/pages/data/trace-answers.ts";

export const FAILED = "4bf92f3577b34da6a3ce929d0e0e4736";
export const FORGOTTEN = "00000000000000000000000000000001";
/** A trace that catalog began, because it does not forward its context. */
const BEGAN = "7d1c0de5c0ffee1234567890abcdef12";

/** One sidecar's account. @param atMs after the beginning of the trace */
export const account = (atMs: number, over: Partial<Account>): Account => ({
  ...{ side: "client", service: "shop", instance: "b00b1e5b00b1", at: 1_700_000_000_000 + atMs },
  ...{
    method: "GET",
    path: "/",
    caller: "shop",
    callee: "orders",
    attempts: [],
    status: 200,
    code: "",
    ms: 1,
  },
  ...over,
});

const attempt = (instance: string, afterMs: number, ms: number, status = 200, code = "") => ({
  ...{ instance, status, code, afterMs, ms },
});
const served = (atMs: number, caller: string, service: string, instance: string, over: Partial<Account>) =>
  account(atMs, {
    ...{ side: "server", caller, callee: service, service, instance },
    ...over,
    attempts: [
      attempt(instance, over.waitedMs ?? 0, (over.ms ?? 0) - (over.waitedMs ?? 0), over.status, over.code),
    ],
  });
const asked = (atMs: number, service: string, instance: string, callee: string, over: Partial<Account>) =>
  account(atMs, { service, instance, caller: service, callee, ...over });

const POST = { method: "POST", path: "/cart/31/checkout" };
const MAIL = "mail has no instance, after 1 attempt; it was held for 90 ms";

/** A checkout that failed at its second attempt as at its first: orders could not reach mail. */
const accounts: readonly Account[] = [
  asked(0, "web", "e1e2e3e4e5e6", "shop", {
    ...{
      ...POST,
      status: 503,
      ms: 452,
      backend: "shop v1",
      attempts: [attempt("b00b1e5b00b1", 0, 452, 503)],
    },
    traceparent: `00-${FAILED}-00f067aa0ba902b7-00`,
  }),
  served(2, "web", "shop", "b00b1e5b00b1", { ...POST, status: 503, ms: 448 }),
  asked(6, "shop", "b00b1e5b00b1", "orders", {
    ...{ ...POST, path: "/orders", status: 503, ms: 438, waitedMs: 45, marks: "ejected" },
    ...{ route: "default/orders", rule: "split", why: "PathPrefix /orders", backend: "orders v2, 30 of 100" },
    attempts: [attempt("5cde1d4ce621", 0, 61, 503), attempt("0a1b2c3d4e5f", 106, 332, 503)],
  }),
  served(8, "shop", "orders", "5cde1d4ce621", { ...POST, path: "/orders", status: 503, ms: 57 }),
  served(115, "shop", "orders", "0a1b2c3d4e5f", {
    ...{ ...POST, path: "/orders", status: 503, ms: 325, waitedMs: 28, marks: "queued" },
  }),
  asked(150, "orders", "0a1b2c3d4e5f", "catalog", {
    ...{ path: "/items/7", ms: 172, marks: "hedged, hedge-won" },
    attempts: [attempt("11ffee00aa22", 0, 172, 499, "outrun"), attempt("77aa88bb99cc", 100, 72)],
  }),
  served(252, "orders", "catalog", "77aa88bb99cc", { path: "/items/7", ms: 68, began: [BEGAN] }),
  asked(330, "orders", "0a1b2c3d4e5f", "mail", {
    ...{ method: "PUT", path: "/outbox", status: 503, code: "no-instance", message: MAIL, ms: 94 },
    ...{ waitedMs: 90, marks: "parked", attempts: [attempt("", 90, 4, 503, "no-instance")] },
  }),
];

/** As the registry answers it; without the admin token what may be somebody's data is left out. */
export function traceAnswerOf(
  traceId: string,
  told: readonly Account[],
  isAdmin: boolean,
  at = Date.now() - 12_000,
): Trace {
  const rows = treeOf(told);
  return {
    ...{ traceId, at: told.length === 0 ? 0 : at },
    ms: Math.max(0, ...rows.map(({ startMs, ms }) => startMs + ms)),
    spans: rows.map(({ path, message, access, ...open }): TraceSpan => {
      const more = { path, ...(message && { message }), ...(access && { access }) };
      return { ...open, ...(isAdmin ? more : {}) };
    }),
  };
}

export const failedTrace = (isAdmin = true): Trace => traceAnswerOf(FAILED, accounts, isAdmin);

const line = (n: number, over: Partial<KeptTrace> & { readonly call?: object }): KeptTrace => {
  const { call, ...rest } = over;
  const outermost = {
    method: "GET",
    caller: "web",
    callee: "shop",
    ms: 41,
    status: 200,
    code: "",
    attempts: 1,
  };
  return {
    ...{ traceId: n.toString(16).padStart(32, "c"), at: Date.now() - 3000 * n - 1500, why: ["recent"] },
    ...{ longest: { ...note, ...outermost, ...call }, services: ["web", "shop", "orders", "catalog"] },
    ...rest,
  } as KeptTrace;
};
const note = { side: "client", at: Date.now() };
const failed = (caller: string, callee: string, status: number, code: string, attempts = 1) => ({
  why: ["failed"] as const,
  failed: { ...note, method: "GET", ...{ caller, callee, status, code, attempts }, ms: 20 },
});

/** What the list has, of all kinds. */
export const keptTraces = (): KeptTrace[] => [
  line(0, { call: { caller: "visitor", ms: 12 }, services: ["visitor", "shop", "catalog"] }),
  line(1, {
    ...{ traceId: FAILED, ...failed("orders", "mail", 503, "no-instance") },
    ...{
      call: { method: "POST", status: 503, ms: 452 },
      services: ["web", "shop", "orders", "mail", "catalog"],
    },
  }),
  line(2, {}),
  line(3, { why: ["slow"], call: { ms: 1840, attempts: 2 } }),
  line(4, { call: { ms: 38, method: "PUT" } }),
  line(5, {
    ...{ ...failed("spy", "orders", 403, "denied"), services: ["spy", "orders"] },
    call: { caller: "spy", callee: "orders", status: 403, code: "denied", ms: 1.4 },
  }),
  line(6, {
    why: ["failed", "slow"],
    call: { ms: 2004 },
    failed: failed("shop", "orders", 504, "deadline", 3).failed,
  }),
  line(7, { call: { ms: 51 } }),
  line(8, { ...failed("shop", "orders", 500, ""), call: { status: 500, ms: 66 } }),
  line(9, {
    why: ["slow"],
    call: { caller: "orders", callee: "egress:api.bank.example", ms: 920 },
    services: ["orders", "egress:api.bank.example"],
  }),
];
