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
  const [cause, victim] = told({ graph: both });
  assert.match(cause!, /^bad stock: 50\.0 % of its calls fail; seen by orders\.$/);
  assert.match(victim!, /^bad orders: .*\. Look first at what it calls, as that fails too: stock\.$/);
});

test("who is slow because of what it calls is told after that, with where to look first", () => {
  const slow = (ms: number) => ({
    health: "degraded" as const,
    slow: { share: "half", ms, usualMs: 11 },
    why: `half of its calls take more than ${ms} ms, in the hour before usually 11 ms`,
  });
  const all = [node("web"), node("shop", slow(1800)), node("orders", slow(1750)), node("stock", slow(1700))];
  const edges = [edge("web", "shop"), edge("shop", "orders"), edge("orders", "stock")];
  const [first, ...others] = told({ graph: graph(all, edges) });
  const usual = "in the hour before usually 11 ms";
  assert.equal(first, `fair stock: Half of its calls take more than 1700 ms, ${usual}.`);
  assert.deepEqual(others, [
    `fair orders: Half of its calls take more than 1750 ms, ${usual}. Look first at what it calls, as that is slow too: stock.`,
    `fair shop: Half of its calls take more than 1800 ms, ${usual}. Look first at what it calls, as that is slow too: orders.`,
  ]);
});

test("a slow service stands before the one that fails because of it; who call each other are each told once", () => {
  const nodes = [
    node("orders", { health: "failing", why: "50.0 % of its calls fail, mostly deadline", in: bad }),
    node("stock", {
      ...{ health: "degraded", slow: { share: "half", ms: 1700, usualMs: 11 } },
      why: "half of its calls take more than 1.7 s, in the hour before usually 11 ms",
    }),
  ];
  const edges = [edge("web", "orders", bad), edge("orders", "stock"), edge("stock", "orders", bad)];
  assert.deepEqual(
    whatIsWrong({ graph: graph(nodes, edges) }, NOW).map(({ subject }) => subject),
    ["stock", "orders"],
  );
});

test("one caller that fails where the others do not is told as such: it may be denied", () => {
  const denied = golden({ success: 0, rate: 2, calls: 40, codes: { denied: 40 } });
  const nodes = [node("spy"), node("orders", { in: golden({ success: 0.995 }) })];
  assert.deepEqual(told({ graph: graph(nodes, [edge("web", "orders"), edge("spy", "orders", denied)]) }), [
    "bad spy → orders: 100 % of these calls fail, mostly denied (2/s in all); orders itself is well.",
  ]);
});

test("names that nobody serves are one sentence for each caller, whatever their number", () => {
  const nobody = (name: string) => [
    node(name, { isServed: false, health: "failing", why: "100.0 % of its calls fail", in: bad }),
  ];
  const lost = golden({ success: 0, rate: 0.5, calls: 30, codes: { "no-instance": 30 } });
  const names = [...Array.from({ length: 5 }, (_, i) => `nosuch${i}`), "_UNKNOWN"];
  const nodes = [node("web"), node("shop"), ...[...names, "mail"].flatMap(nobody)];
  const edges = [...names.map((name) => edge("web", name, lost)), edge("shop", "mail", lost)];
  assert.deepEqual(told({ graph: graph(nodes, edges) }), [
    "bad web: It calls names that nobody serves: nosuch0, nosuch1, nosuch2 and others (3/s). Is the service down for long, or the name mistyped?",
    "bad shop: It calls mail, which nobody serves (0.5/s). Is the service down for long, or the name mistyped?",
  ]);
});

test("unserved names that have no room of their own are told without one", () => {
  const lost = golden({ success: 0, rate: 0.5, calls: 30, codes: { "no-instance": 30 } });
  const nodes = [node("web"), node("_UNKNOWN", { isServed: false, health: "failing", in: bad })];
  assert.match(
    told({ graph: graph(nodes, [edge("web", "_UNKNOWN", lost)]) })[0]!,
    /nobody serves: others \(0\.5\/s\)/,
  );
});

test("a registry that keeps no more edges of a service says so", () => {
  const full = { all: false, services: ["web"] };
  assert.deepEqual(told({ graph: { ...graph([node("web")], []), full } }), [
    "fair registry: It keeps no more edges of web: they report more than there is room for, and some of their calls are not shown.",
  ]);
});

test("a version that is much slower than another is named, with traces of slow calls", () => {
  const why = "version 2 is slow: half of its calls take more than 400 ms, of version 1 more than 5.0 ms";
  const orders = node("orders", { health: "degraded", why, slowVersions: [{ version: "2" }] });
  const [one, ...others] = whatIsWrong({ graph: graph([orders], [edge("web", "orders")]) }, NOW);
  assert.deepEqual([one?.tone, one?.sentence, others], ["fair", `V${why.slice(1)}.`, []]);
  assert.match(one!.traces!, /kind=slow/);
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

test("an authority that does not answer is told, with what that means", () => {
  const away = { since: new Date(NOW - 20_000).toISOString(), cause: "no answer within 3 s" };
  assert.deepEqual(told({ sidecars: { revision: 1, authority: { away }, sidecars: [] } }), [
    "bad authority: It has not answered the registry for 20 s (no answer within 3 s). Calls go on; nobody new joins, and identities are not renewed.",
  ]);
});
