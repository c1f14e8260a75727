import assert from "node:assert/strict";
import { test } from "node:test";
import type { Scene } from "../../../src/cli/check/check.ts";
import { services } from "../../../src/cli/check/services.ts";
import type { GraphEdge, GraphNode } from "../../../src/dashboard/pages/data/answers.ts";
import { edge, golden, node } from "../../dashboard/scene.ts";

async function told(nodes: readonly GraphNode[], edges: readonly GraphEdge[]) {
  const graph = { nodes, edges, full: { all: false, services: [] } };
  const up = {} as Scene["up"];
  const ask = <Answer>() => Promise.resolve(graph as Answer);
  return await services.run({ state: "/nowhere", up, ask, now: 0, failBeforeMs: 0 });
}
const lines = async (...given: Parameters<typeof told>) =>
  (await told(...given)).map(({ level, says }) => `${level} ${says}`);

test("a caller that is denied is named, with the code and what to ask next, though the callee is well", async () => {
  const denied = golden({ success: 0, calls: 48, codes: { denied: 47, cancelled: 100, deadline: 1 } });
  const found = await told(
    [node("spy"), node("shop"), node("payments", { in: golden({ success: 0.52 }) })],
    [edge("shop", "payments"), edge("spy", "payments", denied)],
  );
  assert.deepEqual(found, [
    {
      level: "warn",
      what: "services",
      says: "spy -> payments: 100.0 % of its calls fail, mostly denied",
      cure: "weft edges payments shows all its callers; weft traces payments --failed lists such calls, and weft trace tells why",
    },
  ]);
});

test("what the app answered is told apart from what the mesh did, and most failures come first", async () => {
  const nodes = ["a", "b", "orders"].map((name) => node(name));
  const by = (from: string, success: number, codes = {}) =>
    edge(from, "orders", golden({ success, calls: 100, codes }));
  assert.deepEqual(await lines(nodes, [by("a", 0.9, { limited: 10 }), by("b", 0.5, { limited: 9 })]), [
    "warn b -> orders: 50.0 % of its calls fail, mostly 5xx of the app",
    "warn a -> orders: 10.0 % of its calls fail, mostly limited",
  ]);
});

test("calls to who fails, or is served by nobody, are told with him alone", async () => {
  const bad = golden({ success: 0.5 });
  assert.deepEqual(
    await lines(
      [
        node("orders", { health: "failing", why: "half", in: bad }),
        node("typo", { isServed: false, health: "failing", in: bad }),
      ],
      [edge("shop", "orders", bad), edge("shop", "typo", bad)],
    ),
    ["warn orders is failing: half", "warn nobody serves typo, and calls are made to it"],
  );
});

test("who is denied is told of a callee that is ill for another reason, too", async () => {
  const slow = { health: "degraded", why: "slow", in: golden({ success: 0.5 }) } as const;
  const denied = golden({ success: 0, calls: 9, codes: { denied: 9 } });
  assert.deepEqual(await lines([node("orders", slow)], [edge("spy", "orders", denied)]), [
    "warn orders is degraded: slow",
    "warn spy -> orders: 100.0 % of its calls fail, mostly denied",
  ]);
});

test("of many failing callers some are named, and the rest counted", async () => {
  const from = Array.from({ length: 10 }, (_, i) => `c${i}`);
  const found = await lines(
    [node("orders")],
    from.map((name) => edge(name, "orders", golden({ success: 0 }))),
  );
  assert.equal(found.length, 9);
  assert.equal(found.at(-1), "warn calls of 2 more callers fail");
});

test("none fail when none of any caller's do", async () => {
  const nodes = [node("shop"), node("orders")];
  assert.deepEqual(await lines(nodes, [edge("shop", "orders", golden({ success: 0.999 }))]), [
    "ok 2, and the calls to none fail or are slow",
  ]);
});
