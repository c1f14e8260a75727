import type { RecentCall } from "../../sidecar/observe/recent-calls.ts";
import { NO_BODY } from "../../sidecar/stack/body.ts";
import { Call, type CallHead } from "../../sidecar/stack/call.ts";

/** A small GET from `shop` to any instance of `orders`, with what a test wants different. */
export const aCall = (head: Partial<CallHead> = {}, now = 0): Call =>
  new Call(
    {
      ...{ caller: "shop", callee: "orders", target: { kind: "any" } },
      ...{ method: "GET", path: "/", headers: "Host: orders.mesh\r\n", body: NO_BODY },
      ...{ upgrade: undefined, timeoutMs: 15_000 },
      ...head,
    },
    now,
  );

/** A call from `shop` that `orders` answered, as it is kept, with what a test wants different. */
export const aRecentCall = (over: Partial<RecentCall> = {}): RecentCall => ({
  ...{ side: "client", startedAt: performance.now(), ms: 1.5, waitedMs: 0, lastMs: undefined },
  ...{ method: "GET", path: "/", headers: "x-request-id: r1\r\n", caller: "shop", asked: "orders" },
  ...{ callee: "orders", version: "2", rule: undefined, choice: "", injected: "", mirrored: false },
  ...{ access: "", marks: 0, begun: 1, attempt: 1, instance: "o1", earlier: undefined },
  ...{ status: 200, code: "", message: "", traceparent: undefined },
  ...over,
});
