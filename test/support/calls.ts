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
