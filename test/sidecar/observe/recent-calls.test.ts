import assert from "node:assert/strict";
import { test } from "node:test";
import { accountOf } from "../../../sidecar/observe/accounts.ts";
import { RecentCalls } from "../../../sidecar/observe/recent-calls.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome, refused } from "../../../sidecar/stack/outcome.ts";
import { aCall } from "../../support/calls.ts";
import { replied } from "../policy/scene.ts";

const scene = (size?: number) => {
  let now = 1000;
  const recent = new RecentCalls("client", size);
  const add = (id: string, outcome: Outcome = replied, change: (call: Call) => void = () => {}) => {
    const call = aCall({ headers: `Host: a\r\nX-Request-ID: ${id}\r\n`, path: "/a?secret" }, now++);
    change(call);
    recent.add(call, outcome, 12.5);
  };
  return { recent, add };
};

test("a call is found by its request id, with what became of it", () => {
  const { recent, add } = scene();
  add("other");
  add("id-1", replied, (call) => {
    call.callee = "pay";
    call.target = { kind: "version", version: "2" };
    call.version = "2";
    call.rule = { name: "orders/canary", why: "PathPrefix /a" };
    call.choice = "pay v2, 10 of 100";
    call.injected = "delay";
    call.earlier = [{ instance: "", code: "no-instance", status: 503, afterMs: 5, ms: 1 }];
    call.waitedMs = 5;
    call.traceparent = "00-1-2-01";
  });
  const [found, ...others] = recent.find("id-1");
  assert.deepEqual(others, []);
  const { startedAt, headers, method, path, caller, callee, version, rule, instance, earlier, status, ms } =
    found!;
  assert.deepEqual([startedAt, ms, status, instance], [1001, 12.5, 200, "o1"]);
  assert.deepEqual([caller, callee, version], ["shop", "pay", "2"]);
  assert.deepEqual([method, path, headers], ["GET", "/a?secret", "Host: a\r\nX-Request-ID: id-1\r\n"]);
  assert.deepEqual(rule, { name: "orders/canary", why: "PathPrefix /a" });
  assert.deepEqual(earlier, [{ instance: "", code: "no-instance", status: 503, afterMs: 5, ms: 1 }]);
  const { choice, injected, mirrored, code, message, waitedMs, traceparent } = found!;
  assert.deepEqual([choice, injected, mirrored], ["pay v2, 10 of 100", "delay", false]);
  assert.deepEqual([code, message, waitedMs, traceparent], ["", "", 5, "00-1-2-01"]);
  assert.deepEqual(recent.find("nobody"), []);
});

test("a place that is used anew keeps nothing of the call before", () => {
  const { recent, add } = scene(1);
  add("old", replied, (call) => {
    call.rule = { name: "r/1", why: "x" };
    call.earlier = [{ instance: "o2", code: "gone", status: 502, afterMs: 0, ms: 1 }];
    call.choice = "x";
    call.injected = "delay";
    call.mirrored = true;
    call.waitedMs = 5;
    call.traceparent = "00-1-2-01";
  });
  add("new", { ...replied, status: 500 });
  assert.deepEqual(recent.find("old"), []);
  const fresh = scene(2);
  fresh.add("before");
  fresh.add("new", { ...replied, status: 500 });
  assert.deepEqual(recent.find("new"), fresh.recent.find("new"));
});

test("a call that failed has its code and its sentence, and who had it last", () => {
  const { recent, add } = scene();
  add("gone", failed("gone", "unknown", "orders has gone"), (call) => {
    call.instance = "o2";
  });
  add("limited", refused("overflow", "too many"));
  add("aborted", { ...refused("fault", "policy answers"), status: 418 });
  const of = (id: string) => {
    const { code, message, status, instance } = recent.find(id)[0]!;
    return [code, message, status, instance];
  };
  assert.deepEqual(of("gone"), ["gone", "orders has gone", 502, "o2"]);
  assert.deepEqual(of("limited"), ["overflow", "too many", 503, ""]);
  assert.deepEqual(of("aborted"), ["fault", "policy answers", 418, ""]);
});

test("so many calls are kept, and the good ones do not wash away those that failed", () => {
  const { recent, add } = scene(8);
  const bad = { ...replied, status: 500 };
  for (let i = 0; i < 8; i++) add(`bad-${i}`, bad);
  add("hedged", replied, (call) => call.note("hedged"));
  for (let i = 0; i < 100; i++) add(`good-${i}`);
  assert.equal(recent.find("good-91").length, 0);
  assert.equal(recent.find("good-92").length, 1);
  assert.equal(recent.find("bad-0").length, 0);
  assert.deepEqual([recent.find("bad-1").length, recent.find("hedged").length], [1, 1]);
});

test("long heads leave room for fewer", () => {
  const { recent, add } = scene(100);
  const long = `x: ${"y".repeat(1024 * 1024)}\r\n`;
  for (let i = 0; i < 10; i++)
    add(`${i}`, replied, (call) => {
      call.head.headers += long;
    });
  const found = Array.from({ length: 10 }, (_, i) => recent.find(`${i}`).length);
  assert.deepEqual(found, [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
  for (let i = 0; i < 150; i++) add(`short-${i}`);
  assert.deepEqual([recent.find("9").length, recent.find("short-50").length], [0, 1]);
  assert.equal(recent.find("short-49").length, 0);
});

test("a request that was refused before it was a call is known by its id", () => {
  const { recent } = scene();
  const request = { headers: "X-Request-ID: r1\r\n", method: "GET", path: "/a?b", host: "orders.mesh" };
  recent.addRefused(request, "bad-request", "weft-timeout is no duration", 5);
  const { status, code, message, attempts, callee } = accountOf(recent.find("r1")[0]!, {
    service: "shop",
    instance: "s1",
  });
  assert.deepEqual(
    [status, code, message, attempts, callee],
    [400, "bad-request", "weft-timeout is no duration", [], "orders.mesh"],
  );
});

test("several calls with one id come in the order in which they began, good or bad", () => {
  const { recent, add } = scene(8);
  add("one", { ...replied, status: 500 });
  add("one");
  add("one", failed("gone", "unknown", "x"));
  add("one", replied, (call) => {
    call.mirrored = true;
  });
  const found = recent.find("one");
  assert.deepEqual(
    found.map(({ startedAt, status, mirrored }) => [startedAt, status, mirrored]),
    [
      [1000, 500, false],
      [1001, 200, false],
      [1002, 502, false],
      [1003, 200, true],
    ],
  );
});

test("what is told of a call has neither its header fields nor its query, and no wait counts as an attempt's time", () => {
  const { recent, add } = scene();
  add("id", replied, (call) => {
    call.earlier = [{ instance: "", code: "no-instance", status: 503, afterMs: 2, ms: 1.5 }];
    call.begun = 2;
    call.waitedMs = 5;
    call.rule = { name: "orders/canary", why: "PathPrefix /a" };
  });
  const account = accountOf(recent.find("id")[0]!, { service: "shop", instance: "s1" });
  assert.doesNotMatch(JSON.stringify(account), /secret|Host/);
  assert.deepEqual([account.route, account.rule, account.path], ["orders", "canary", "/a"]);
  assert.deepEqual(
    account.attempts.map(({ instance, afterMs, ms }) => [instance, afterMs, ms]),
    [
      ["", 2, 1.5],
      ["o1", 6.5, 6],
    ],
  );
});

test("a call that ended in a wait, or that policy answered, tells of no attempt that was never begun", () => {
  const { recent, add } = scene();
  add("answered", refused("no-route", "x"));
  add("between", failed("deadline", "no", "x"), (call) => {
    call.earlier = [{ instance: "o1", code: "draining", status: 503, afterMs: 0, ms: 2 }];
    call.begun = 1;
  });
  const self = { service: "shop", instance: "s1" };
  const attemptsOf = (id: string) => accountOf(recent.find(id)[0]!, self).attempts;
  assert.deepEqual(attemptsOf("answered"), []);
  assert.deepEqual(attemptsOf("between"), [
    { instance: "o1", code: "draining", status: 503, afterMs: 0, ms: 2 },
  ]);
});

test("an attempt that ran beside others has its own time, else what the others left; it ends with the call", () => {
  const { recent, add } = scene();
  const attempts = (id: string, lastMs: number | undefined) => {
    add(id, failed("deadline", "unknown", "late"), (call) => {
      call.earlier = [{ instance: "o1", code: "deadline", status: 504, afterMs: 0, ms: 10 }];
      call.begun = 2;
      call.lastMs = lastMs;
    });
    return accountOf(recent.find(id)[0]!, { service: "shop", instance: "s1" }).attempts;
  };
  assert.deepEqual(
    [undefined, 9].map((lastMs) => attempts(`id-${lastMs}`, lastMs).map(({ afterMs, ms }) => [afterMs, ms])),
    [
      [
        [0, 10],
        [10, 2.5],
      ],
      [
        [0, 10],
        [3.5, 9],
      ],
    ],
  );
});
