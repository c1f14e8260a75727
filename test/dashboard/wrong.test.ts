import assert from "node:assert/strict";
import { test } from "node:test";
import { type Known, whatIsWrong } from "../../src/dashboard/pages/model/wrong.ts";
import { edge, golden, graph, instance, node, shop } from "./scene.ts";

const NOW = Date.now();
const told = (known: Known) =>
  whatIsWrong(known, NOW).map(({ tone, subject, sentence }) => `${tone} ${subject}: ${sentence}`);
const bad = golden({ success: 0.5, statuses: { "2xx": 300, "3xx": 0, "4xx": 0, "5xx": 300, none: 0 } });

test("a mesh that is well has nothing to tell, idle services included", () => {
  const nodes = [node("web"), node("orders"), node("mail", { health: "idle" })];
  assert.deepEqual(told({ graph: graph(nodes, [edge("web", "orders")]), instances: { instances: [] } }), []);
});

test("a service that fails is told once, with who sees it", () => {
  const nodes = [
    node("web"),
    node("orders", { health: "failing", why: "50.0 % of its calls fail, mostly 5xx", in: bad }),
  ];
  assert.deepEqual(told({ graph: graph(nodes, [edge("web", "orders", bad), edge("mail", "orders")]) }), [
    "bad orders: 50.0 % of its calls fail, mostly 5xx; seen by web.",
  ]);
});

test("who fails because of what it calls is told with where to look first", () => {
  const failing = { health: "failing", why: "50.0 % of its calls fail", in: bad } as const;
  const both = graph(
    [node("orders", failing), node("stock", failing)],
    [edge("web", "orders", bad), edge("orders", "stock", bad)],
  );
  assert.match(
    told({ graph: both })[0]!,
    /^bad orders: .*\. Look first at what it calls, as that fails too: stock\.$/,
  );
  assert.doesNotMatch(told({ graph: both })[1]!, /Look first/);
});

test("one caller that fails where the others do not is told as such: it may be denied", () => {
  const denied = golden({ success: 0, rate: 2, calls: 40, codes: { denied: 40 } });
  const nodes = [node("spy"), node("orders", { in: golden({ success: 0.995 }) })];
  assert.deepEqual(told({ graph: graph(nodes, [edge("web", "orders"), edge("spy", "orders", denied)]) }), [
    "bad spy → orders: 100 % of these calls fail, mostly denied (2/s in all); orders itself is well.",
  ]);
});

test("a version that is much slower than another is named; a little slower is not, nor is one with two calls", () => {
  const versions = (p50: number, calls = 30) => [
    { version: "1", ...golden({ p50: 5 }) },
    { version: "2", ...golden({ p50, calls }) },
  ];
  const of = (p50: number, calls?: number) =>
    told({ graph: graph([node("orders")], [edge("web", "orders", { versions: versions(p50, calls) })]) });
  assert.deepEqual(of(400), [
    "fair orders: Version 2 is slow: half of its calls take more than 400 ms, of version 1 more than 5 ms.",
  ]);
  assert.deepEqual([of(14), of(40), of(400, 2)], [[], [], []]);
});

test("instances that are silent, not healthy or ejected are told, those that left are not", () => {
  const instances = [
    instance("orders", "a1", { state: "silent", lastSeen: new Date(NOW - 30_000).toISOString() }),
    instance("orders", "a2", { state: "down" }),
    instance("orders", "a3", { ejectedBy: { services: ["web"], sidecars: 2 } }),
    instance("orders", "a4", { state: "left" }),
  ];
  assert.deepEqual(told({ instances: { instances } }), [
    "bad orders v1: Instance a1 is silent for 30 s: it died, or is cut off from the broker.",
    "bad orders v1: The sidecar of instance a2 is there, but its app is not healthy.",
    "fair orders v1: Instance a3 is ejected by 2 sidecars of web: it failed too often in a row.",
  ]);
});

test("sidecars that lag are told together", () => {
  const sidecars = [1, 2, 3, 4, 5].map((i) => ({
    ...{ service: "orders", instance: `o${i}`, version: "1", role: "instance" as const, lagging: i > 1 },
    lastSeen: "",
  }));
  assert.deepEqual(told({ sidecars: { revision: 7, sidecars } }), [
    "fair policy: 4 sidecars do not run revision 7 yet: orders o2, orders o3, orders o4 and 1 more.",
  ]);
});

test("an identity near its end is told while its instance is there", () => {
  const identity = (name: string, minutesLeft: number) => ({
    ...{ service: "orders", instance: name, issuedAt: NOW + (minutesLeft - 60) * 60_000 },
    ...{ jwtExpiresAt: NOW + minutesLeft * 60_000, certExpiresAt: NOW + 20 * 3_600_000 },
  });
  const expiring = {
    identities: [identity("o1", 3), identity("o2", 10), identity("o3", 40), identity("gone", 1)],
  };
  const instances = { instances: ["o1", "o2", "o3"].map((name) => instance("orders", name)) };
  assert.deepEqual(told({ expiring, instances }), [
    "bad orders: The credential of instance o1 ends in 3 min and was not renewed: is the authority up?",
    "fair orders: The credential of instance o2 ends in 10 min and was not renewed: is the authority up?",
  ]);
});

test("a registry without its broker, and without its stores, says so", () => {
  const health = {
    ...{ status: "degraded" as const, settled: true, startedAt: "" },
    broker: { state: "away", cause: "connection refused" },
    store: { state: "away" },
  };
  const policy = { revision: 1, at: "", store: { state: "broken", cause: "bad bytes" }, resources: [] };
  assert.deepEqual(told({ health, policy }), [
    "bad broker: The registry has no connection to the broker (connection refused). What is shown of instances is old; traffic may go on.",
    "fair registry: Its store does not answer: what it learns now is lost with it.",
    "fair policy: Its store is broken (bad bytes): what is in force stays, and nothing can be changed.",
  ]);
});

test("the worst comes first", () => {
  const tones = whatIsWrong(
    { graph: shop(), instances: { instances: [instance("a", "b", { state: "down" })] } },
    NOW,
  ).map(({ tone }) => tone);
  assert.deepEqual(tones, [...tones].sort());
});
