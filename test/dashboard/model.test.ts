import assert from "node:assert/strict";
import { test } from "node:test";
import { graphAnswer, signalsAnswer } from "../../src/control/signals/http/schemas.ts";
import { DIMENSIONS } from "../../src/control/signals/view/dimensions.ts";
import { HEALTHS } from "../../src/control/signals/view/health.ts";
import * as pages from "../../src/dashboard/pages/data/answers.ts";
import { differencesOf } from "../../src/dashboard/pages/model/differences.ts";
import { focused, neighbour } from "../../src/dashboard/pages/model/focus.ts";
import { msText, rateText, shareText, spanText } from "../../src/dashboard/pages/model/format.ts";
import { edgeKey, layoutOf } from "../../src/dashboard/pages/model/layout.ts";
import { outline } from "../../src/dashboard/pages/model/outline.ts";
import { withUnservedAsOne } from "../../src/dashboard/pages/model/unserved.ts";
import { trafficOf } from "../../src/dashboard/pages/model/versions.ts";
import { edge, golden, graph, node, shop, signals } from "./scene.ts";

test("what the pages read is what the registry answers", () => {
  graphAnswer.parse(shop());
  signalsAnswer.parse(signals("orders"));
  assert.deepEqual([...pages.HEALTHS].sort(), [...HEALTHS].sort());
  assert.deepEqual([...pages.DIMENSIONS].sort(), [...DIMENSIONS].sort());
});

test("numbers are short, and never round a failure away", () => {
  assert.deepEqual([1, 0.99999, 0.9996, 0, null].map(shareText), ["100 %", "99.9 %", "99.9 %", "0.0 %", "–"]);
  assert.deepEqual([0, 0.02, 3.1234, 120.4, 12_345, 2e6].map(rateText), [
    "0/s",
    "<0.1/s",
    "3.1/s",
    "120/s",
    "12.3k/s",
    "2M/s",
  ]);
  assert.deepEqual([null, 0.4, 18, 1234, 15_000].map(msText), ["–", "0.4 ms", "18 ms", "1.2 s", "15 s"]);
  assert.deepEqual([-5, 45_000, 300_000, 7_500_000, 345_600_000].map(spanText), [
    "0 s",
    "45 s",
    "5 min",
    "2 h 5 min",
    "4 d",
  ]);
});

test("services are placed along the calls, whole and apart, cycles and calls to oneself included", () => {
  const cyclic = graph(
    ["a", "b", "c"].map((name) => node(name)),
    [edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("a", "a"), edge("a", "nobody")],
  );
  for (const direction of ["LR", "TB"] as const) {
    const { nodes, edges, width, height } = layoutOf(cyclic, direction);
    const boxes = [...nodes.values()];
    assert.equal(boxes.length, 3);
    for (const [i, one] of boxes.entries()) {
      assert.ok(
        one.x - one.width / 2 >= 0 && one.x + one.width / 2 <= width && one.y + one.height / 2 <= height,
      );
      for (const other of boxes.slice(i + 1))
        assert.ok(
          Math.abs(one.x - other.x) >= one.width ||
            Math.abs(one.y - other.y) >= (one.height + other.height) / 2,
        );
    }
    assert.match(edges.get(edgeKey({ from: "a", to: "b" }))!.path, /^M[\d.]+,[\d.]+ /);
  }
});

test("a focus keeps those that call a service and those it calls; arrow keys follow calls", () => {
  const around = focused(shop(), "orders");
  assert.deepEqual(
    around.nodes.map(({ service }) => service),
    ["shop", "orders", "catalog"],
  );
  assert.equal(neighbour(around, "orders", "ArrowRight"), "catalog");
  assert.equal(neighbour(around, "orders", "ArrowLeft"), "shop");
  assert.equal(neighbour(around, "orders", "ArrowDown"), "catalog");
  assert.equal(neighbour(around, "catalog", "ArrowDown"), undefined);
  assert.equal(neighbour(around, "orders", "x"), undefined);
});

test("many names that nobody serves are one in the picture, a few stand by themselves", () => {
  const of = (count: number) => {
    const names = Array.from({ length: count }, (_, i) => `nosuch${i}`);
    const nodes = [...["web", "orders"].map((name) => node(name)), ...names.map(nobody)];
    const edges = [edge("web", "orders"), ...names.map((name) => edge("web", name, { rate: 2 }))];
    return withUnservedAsOne(graph(nodes, edges));
  };
  const nobody = (name: string) => node(name, { isServed: false });
  assert.equal(of(3).nodes.length, 5);
  const { nodes, edges } = of(6);
  assert.deepEqual(
    nodes.map(({ service }) => service),
    ["web", "orders", "_UNKNOWN"],
  );
  assert.deepEqual(
    edges.map(({ to, rate }) => [to, rate]),
    [
      ["orders", 10],
      ["_UNKNOWN", 12],
    ],
  );
});

test("the share of a version is of all callers' calls", () => {
  const versions = (one: number, two: number) => [
    { version: "1", ...golden({ calls: one }) },
    { version: "2", ...golden({ calls: two, success: 0.5 }) },
  ];
  const edges = [
    edge("a", "b", { versions: versions(30, 0) }),
    edge("c", "b", { versions: versions(0, 10) }),
    edge("b", "a"),
  ];
  assert.deepEqual(trafficOf(edges, "b", "2"), { share: 0.25, success: 0.5 });
  assert.deepEqual(trafficOf(edges, "z", "1"), { share: 0, success: null });
});

test("resources are outlined like YAML, with quotes where it matters", () => {
  const value = {
    kind: "HTTPRoute",
    list: [{ name: "a", version: "1" }, "x"],
    empty: [],
    text: "no",
    evil: "a\nb: c",
  };
  assert.deepEqual(outline(value), [
    ...[
      "kind: HTTPRoute",
      "list:",
      "- name: a",
      '  version: "1"',
      "- x",
      "empty: []",
      'text: "no"',
      String.raw`evil: "a\nb: c"`,
    ],
  ]);
});

test("differences are told by resource, with a few lines around each", () => {
  const entry = (name: string, spec: object) => ({
    createdAt: "",
    revision: 1,
    resource: { kind: "HTTPRoute", metadata: { name }, spec },
  });
  const long = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, i]));
  const found = differencesOf(
    [entry("same", {}), entry("gone", {}), entry("more", { ...long, weight: 90 })],
    [entry("same", {}), entry("fresh", {}), entry("more", { ...long, weight: 70 })],
  );
  assert.deepEqual(
    found.map(({ title, change }) => `${title} ${change}`),
    [...["HTTPRoute fresh created", "HTTPRoute gone deleted", "HTTPRoute more configured"]],
  );
  assert.deepEqual(
    found[2]!.lines.map(({ kind, text }) => `${kind} ${text.trim()}`),
    [...["skipped …", "same f17: 17", "same f18: 18", "same f19: 19", "gone weight: 90", "new weight: 70"]],
  );
});
