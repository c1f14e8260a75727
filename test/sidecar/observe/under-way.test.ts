import assert from "node:assert/strict";
import { test } from "node:test";
import { accountsUnderWay, type UnderWay } from "../../../sidecar/observe/under-way.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import { aCall } from "../../support/calls.ts";

const self = { service: "shop", instance: "s1" };

const callWith = (id: string, startedAt: number, change: (call: Call) => void = () => {}): Call => {
  const call = aCall({ headers: `Host: a\r\nX-Request-ID: ${id}\r\n`, path: "/a?secret" }, startedAt);
  call.traceparent = `00-${id}-${startedAt}-01`;
  change(call);
  return call;
};

const running = (call: Call, startedAt = call.startedAt, instance = "o1"): UnderWay => ({
  call,
  startedAt,
  instance,
});

test("a call under way is told with its attempts so far, without status, fields or query", () => {
  const call = callWith("id", 1000, (one) => {
    one.rule = { name: "orders/canary", why: "PathPrefix /" };
    one.choice = "orders v2, 10 of 100";
    one.earlier = [{ instance: "", code: "no-instance", status: 503, afterMs: 20, ms: 1.5 }];
    one.attempt = 2;
    one.begun = 2;
    one.waitedMs = 20;
    one.note("parked");
  });
  const [account, ...more] = accountsUnderWay([running(call, 1021.5)], "id", "client", self, 4200);
  assert.deepEqual(more, []);
  const { at: _at, ...told } = account!;
  assert.deepEqual(told, {
    ...{ side: "client", service: "shop", instance: "s1", method: "GET", path: "/a" },
    ...{ caller: "shop", callee: "orders", route: "orders", rule: "canary", why: "PathPrefix /" },
    ...{ backend: "orders v2, 10 of 100", status: 0, code: "", ms: 3200, underWay: true },
    ...{ marks: "parked", waitedMs: 20 },
    attempts: [
      { instance: "", code: "no-instance", status: 503, afterMs: 20, ms: 1.5 },
      { instance: "o1", code: "", status: 0, afterMs: 21.5, ms: 3178.5 },
    ],
    traceparent: "00-id-1000-01",
  });
});

test("attempts that run side by side are of one call; other calls of the request are told apart, in time", () => {
  const [hedged, branch, other] = [callWith("id", 2000), callWith("id", 2000), callWith("id", 1000)];
  const found = [running(hedged), running(callWith("else", 1)), running(branch, 2500, "o2"), running(other)];
  const accounts = accountsUnderWay(found, "id", "client", self, 3000);
  assert.deepEqual(
    accounts.map(({ ms, attempts }) => [
      ms,
      attempts.map(({ instance, afterMs, ms }) => [instance, afterMs, ms]),
    ]),
    [
      [2000, [["o1", 0, 2000]]],
      [
        1000,
        [
          ["o1", 0, 1000],
          ["o2", 500, 500],
        ],
      ],
    ],
  );
  assert.deepEqual(accountsUnderWay(found, "unknown", "client", self, 3000), []);
});

test("the callee tells of itself", () => {
  const [account] = accountsUnderWay([running(callWith("id", 1000))], "id", "server", self, 1250);
  const { side, attempts, underWay } = account!;
  assert.deepEqual(
    [side, attempts, underWay],
    ["server", [{ instance: "o1", code: "", status: 0, afterMs: 0, ms: 250 }], true],
  );
});
