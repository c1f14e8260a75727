import { NO_BODY } from "../../sidecar/stack/body.ts";
import { Call, type CallHead } from "../../sidecar/stack/call.ts";

/** A call as it comes in at a callee; GET / of shop to payments but for what is given. */
export const aCall = (head: Partial<CallHead> = {}): Call =>
  new Call(
    {
      ...{
        caller: "shop",
        callee: "payments",
        target: { kind: "any" },
        method: "GET",
        path: "/",
        headers: "",
      },
      ...{ body: NO_BODY, upgrade: undefined, timeoutMs: 1000 },
      ...head,
    },
    0,
  );
