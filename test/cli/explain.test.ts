import assert from "node:assert/strict";
import { test } from "node:test";
import { storyOf } from "../../src/cli/policy/story.ts";
import type { Account } from "../../src/control/explain/account.ts";

const call: Account = {
  side: "client",
  ...{ service: "shop", instance: "s1", at: 1_700_000_000_000, caller: "shop", callee: "orders" },
  ...{ method: "GET", path: "/v2/orders", status: 200, code: "", ms: 21.4 },
  ...{ route: "orders", rule: "canary", why: "header x-canary is 1", backend: "orders v2" },
  attempts: [
    { instance: "o1", code: "app-unreachable", status: 503, ms: 1.25 },
    { instance: "o2", code: "", status: 200, ms: 12 },
  ],
};
const served: Account = {
  side: "server",
  ...{ service: "orders", instance: "o2", at: 1_700_000_000_008, caller: "shop", callee: "orders" },
  ...{ method: "GET", path: "/v2/orders", status: 200, code: "", ms: 11 },
  attempts: [],
};

test("a call is told from its caller's side to its end", () => {
  assert.equal(
    storyOf([served, call]),
    `GET /v2/orders of shop to orders, 2023-11-14T22:13:20.000Z
  caller:   shop, instance s1
  route:    HTTPRoute orders
  rule:     canary
  why:      header x-canary is 1
  sent to:  orders v2
  attempt 1  instance o1  503 app-unreachable  1.3 ms
  attempt 2  instance o2  200                  12 ms
  callee:   orders, instance o2: 200 after 11 ms
  ended:    200 after 21 ms
`,
  );
});

test("what policy did with a call, and for how long it held it, is told on each side", () => {
  const story = storyOf([
    { ...call, marks: "parked, hedged", waitedMs: 812 },
    { ...served, marks: "queued", waitedMs: 40 },
  ]);
  assert.match(story, /sent to: +orders v2\n +policy: +parked, hedged\n +waited: +812 ms\n/);
  assert.match(story, /callee: +orders.*\n +policy: +queued\n +waited: +40 ms\n/);
});

test("a call that the mesh ended tells the cause and the cure", () => {
  const message = "orders has no instance";
  const { route: _, rule: _rule, why: _why, backend: _backend, ...plain } = call;
  const story = storyOf([
    { ...plain, attempts: [], status: 503, code: "no-instance", injected: "abort 503", message },
  ]);
  assert.match(
    story,
    /route: +none\n +injected: abort 503\n +no attempt was made\n +ended: +503 no-instance after .*\n +message: +orders has no instance\n/,
  );
  assert.match(story, /cause: +no instance of the service.*\n +cure: +look at `weft get instances`/);
});

test("a call that the broker refused tells so at its caller", () => {
  const access = "refused by the broker: policy lets shop call nothing of orders";
  const story = storyOf([{ ...call, status: 403, code: "denied", access }]);
  assert.match(
    story,
    /sent to: +orders v2\n +access: +refused by the broker: policy lets shop call nothing of orders\n/,
  );
});

test("a call that has not ended tells who has it, and for how long", () => {
  const { route: _, rule: _rule, why: _why, backend: _backend, ...plain } = call;
  const hangs = { status: 0, underWay: true };
  const attempt = { instance: "o2", code: "", status: 0, ms: 3190.25 };
  assert.equal(
    storyOf([
      { ...plain, ...hangs, ms: 3204, attempts: [...call.attempts.slice(0, 1), attempt] },
      { ...served, ...hangs, ms: 812 },
    ]),
    `GET /v2/orders of shop to orders, 2023-11-14T22:13:20.000Z
  caller:   shop, instance s1
  route:    none
  attempt 1  instance o1  503 app-unreachable  1.3 ms
  attempt 2  instance o2  no answer yet        3.2 s
  callee:   orders, instance o2: still under way after 812 ms
  now:      still under way after 3.2 s
`,
  );
});

test("a request that goes on through several services is several calls, in time; the clocks may differ", () => {
  const next: Account = {
    ...call,
    service: "orders",
    instance: "o2",
    caller: "orders",
    callee: "stock",
    at: call.at + 9,
  };
  const early: Account = { ...served, at: call.at - 5000 };
  const orphan: Account = {
    ...served,
    service: "mail",
    instance: "m1",
    caller: "stock",
    callee: "mail",
    code: "deadline",
  };
  const parts = storyOf([orphan, next, early, call]).split("\n\n");
  assert.deepEqual(
    parts.map((part) => / of (\w+ to \w+),/.exec(part)![1]),
    ["shop to orders", "orders to stock", "stock to mail"],
  );
  assert.match(parts[0]!, /callee: +orders, instance o2/);
  assert.match(parts[2]!, /caller: +stock, whose sidecar tells nothing/);
  assert.match(parts[2]!, /callee: +mail[\s\S]*cause: +the time for the whole call is used up/);
});
