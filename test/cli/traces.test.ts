import assert from "node:assert/strict";
import { test } from "node:test";
import { traceRows } from "../../src/cli/traces/rows.ts";
import { waterfall } from "../../src/cli/traces/waterfall.ts";
import { treeOf } from "../../src/control/traces/tree.ts";
import { aNote, anAccount, served, traceId } from "../control/traces/notes.ts";

const AT = 1_700_000_000_000;

test("a trace is a waterfall of its calls, with attempts, waits, and what is missing", () => {
  const attempts = [
    { instance: "o1", code: "", status: 503, afterMs: 0, ms: 30 },
    { instance: "o2", code: "", status: 200, afterMs: 50, ms: 50 },
  ];
  const call = { attempts, at: AT, ms: 100, waitedMs: 20, marks: "parked", route: "orders", rule: "canary" };
  const spans = treeOf([
    anAccount(call),
    served({ instance: "o2", at: AT + 50, ms: 50, began: [traceId(7)] }),
    anAccount({
      service: "orders",
      instance: "o2",
      caller: "orders",
      callee: "billing",
      at: AT + 75,
      ms: 25,
      status: 503,
      code: "no-instance",
      message: "nobody\u001b[2J",
      attempts: [],
    }),
  ]);
  assert.equal(
    waterfall({ traceId: traceId(1), at: AT, ms: 100, spans }),
    `trace ${traceId(1)}, 2023-11-14T22:13:20.000Z, 100 ms

WHERE                          RESULT           BEGAN  TOOK    WHEN
shop to orders: GET /x         200              0 ms   100 ms  |================================|
    attempt 1: o1              503              0 ms   30 ms   |==========                      |
    attempt 2: o2              200              50 ms  50 ms   |                ================|
    rule: canary of HTTPRoute orders
    policy: parked
    waited on purpose: 20 ms
  orders, instance o2          200              50 ms  50 ms   |                ================|
    orders to billing: GET /x  503 no-instance  75 ms  25 ms   |                        ========|
        message: nobody\\u{1b}[2J

note: orders, instance o1, tells nothing: it has ended, or forgotten the call
note: orders, instance o2, does not seem to forward traceparent: while it served this, it made calls without one, which are traces of their own (${traceId(7)}); if it served others then, some may be theirs
`,
  );
});

test("the list shows the call of each trace that failed, or else the longest", () => {
  const longest = aNote({ ms: 1500, status: 200, code: "", at: AT });
  const failed = aNote({ caller: "orders", callee: "billing" });
  const one = { traceId: traceId(1), at: AT, services: ["shop", "orders"], longest };
  assert.deepEqual(
    traceRows([
      { ...one, why: ["slow"] },
      { ...one, why: ["failed", "slow"], failed },
    ]),
    [
      ["TRACE", "AT", "WHY", "CALL", "RESULT", "TOOK", "ATTEMPTS", "SERVICES"],
      [traceId(1), "22:13:20.000", "slow", "GET shop to orders", "200", "1.5 s", "2", "shop, orders"],
      [
        traceId(1),
        "22:13:20.000",
        "failed, slow",
        "GET orders to billing",
        "503 no-instance",
        "1.5 s",
        "2",
        "shop, orders",
      ],
    ],
  );
});
