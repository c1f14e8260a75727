import assert from "node:assert/strict";
import { test } from "node:test";
import { SignalBook } from "../../../src/control/signals/signal-book.ts";
import type { Dimension } from "../../../src/control/signals/view/dimensions.ts";
import { Signals } from "../../../src/control/signals/view/signals.ts";
import { windowOf } from "../../../src/control/signals/window.ts";
import type { EdgeReport, SignalReport } from "../../../src/control/signals/wire.ts";
import { Catalog } from "../../../src/registry/catalog.ts";
import type { Ejections } from "../../../src/registry/registry.ts";
import { beat } from "../../registry/beats.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { aFailure, anEdge, aReport } from "./reports.ts";

const MINUTE = 60_000;

function setUp() {
  const clock = new FakeClock();
  // Begins with a minute, so that the spans of both resolutions do.
  clock.advance(MINUTE - 1000);
  const catalog = new Catalog(clock);
  const book = new SignalBook(clock);
  const ejections: Ejections = new Map();
  const signals = new Signals({ book, catalog, clock, ejections: () => ejections });
  /** A report of each, five seconds after the ones before. */
  const report = (...reports: [service: string, edges: EdgeReport[], over?: Partial<SignalReport>][]) => {
    for (const [service, edges, over] of reports) book.take(service, "i1", aReport({ edges, ...over }));
    clock.advance(5000);
  };
  const graph = (windowMs = MINUTE, at?: number) => signals.graph(windowMs, at);
  const rows = (service: string, by: Dimension) => {
    const found = signals.service(service, MINUTE, by)!;
    return found.by.rows.map(({ name, calls }) => [name, calls]);
  };
  return { clock, catalog, book, ejections, signals, report, graph, rows };
}

test("an edge has the caller's view, and beside it the callee's own", () => {
  const { report, graph } = setUp();
  for (let i = 0; i < 12; i++)
    report(
      [
        "shop",
        [anEdge({ calls: 45, ms: 9 }), aFailure({ calls: 5, version: "", codes: { "no-instance": 5 } })],
      ],
      ["orders", [anEdge({ side: "server", peer: "shop", calls: 45, ms: 4.5 })], { version: "2" }],
    );
  const { edges } = graph();
  assert.equal(edges.length, 1);
  const { from, to, seenBy, rate, success, p50, codes, versions, atCallee } = edges[0]!;
  assert.deepEqual(
    { from, to, seenBy, rate, success, codes },
    {
      ...{ from: "shop", to: "orders", seenBy: "both", rate: 10, success: 0.9, codes: { "no-instance": 60 } },
    },
  );
  assert.ok(p50! > 7.5 && p50! <= 10, `${p50} ms`);
  assert.deepEqual(
    versions.map(({ version, calls, success }) => [version, calls, success]),
    [
      ["2", 540, 1],
      ["", 60, 0],
    ],
  );
  assert.deepEqual([atCallee?.rate, atCallee?.success], [9, 1]);
  assert.ok(atCallee!.p50! > 4 && atCallee!.p50! <= 5);
});

test("where one end alone reports the edge says whose word it is", () => {
  const { report, graph } = setUp();
  report(["shop", [anEdge()]], ["stock", [anEdge({ side: "server", peer: "orders" })]]);
  assert.deepEqual(
    graph().edges.map(({ from, to, seenBy, calls }) => [from, to, seenBy, calls]),
    [
      ["shop", "orders", "caller", 10],
      ["orders", "stock", "callee", 10],
    ],
  );
});

test("a rate is over the time for which there was somebody to count, and an edge that is quiet for long is gone", () => {
  const { clock, report, graph } = setUp();
  for (let i = 0; i < 4; i++) report(["shop", [anEdge({ calls: 50 })]]);
  assert.equal(graph().edges[0]!.rate, 10);
  clock.advance(70_000);
  assert.deepEqual(graph().edges, []);
  assert.deepEqual(
    graph(5 * MINUTE).edges.map(({ calls }) => calls),
    [200],
  );
});

test("the last quarter of an hour is there in steps of five seconds, the hour in minutes, and what was before is not", () => {
  const { clock, report, graph, signals } = setUp();
  const start = clock.unix();
  report(["shop", [anEdge()]]);
  clock.advance(10 * MINUTE);
  report(["shop", [aFailure()]]);
  const then = graph(MINUTE, start + MINUTE);
  assert.deepEqual([then.stepMs, then.edges[0]?.calls, then.edges[0]?.success], [5000, 10, 1]);
  assert.deepEqual(graph(MINUTE, start + 10 * MINUTE).edges, []);
  clock.advance(20 * MINUTE);
  const earlier = graph(MINUTE, start + MINUTE);
  assert.deepEqual([earlier.stepMs, earlier.edges[0]?.calls], [MINUTE, 10]);
  const { in: incoming, stepMs, from, to } = signals.service("orders", 60 * MINUTE, "version")!;
  assert.equal(stepMs, MINUTE);
  assert.equal(incoming.points.rate.length, (to - from) / stepMs);
  assert.equal(incoming.points.rate.filter((rate) => rate > 0).length, 2);
  clock.advance(45 * MINUTE);
  assert.deepEqual(graph(60 * MINUTE).edges, []);
});

test("a window never reaches further back than what is kept, nor into the future", () => {
  const now = 1_000 * 3_600_000 + 30_000;
  const hour = windowOf(60 * MINUTE, now, now);
  assert.deepEqual([hour.stepMs, hour.to - hour.from], [MINUTE, 60 * MINUTE]);
  assert.ok(hour.to >= now);
  const future = windowOf(MINUTE, now + 3_600_000, now);
  assert.deepEqual([future.to, future.to - future.from], [now, MINUTE]);
  const long = windowOf(MINUTE, now - 2 * 3_600_000, now);
  assert.ok(long.from >= now - 61 * MINUTE && long.to >= long.from);
});

test("the calls to a service are told apart by version, caller, rule and instance, and those from it by callee", () => {
  const { report, book, rows } = setUp();
  report(
    ["shop", [anEdge({ route: "orders/split" }), anEdge({ version: "1", calls: 90, route: "orders/split" })]],
    ["web", [anEdge({ calls: 5, route: "orders/canary" })]],
    ["orders", [anEdge({ side: "server", peer: "shop", calls: 100 }), anEdge({ peer: "stock", calls: 7 })]],
  );
  book.take("orders", "i2", aReport({ edges: [anEdge({ side: "server", peer: "shop", calls: 3 })] }));
  assert.deepEqual(rows("orders", "version"), [
    ["1", 90],
    ["2", 15],
  ]);
  assert.deepEqual(rows("orders", "caller"), [
    ["shop", 100],
    ["web", 5],
  ]);
  assert.deepEqual(rows("orders", "route"), [
    ["orders/split", 100],
    ["orders/canary", 5],
  ]);
  assert.deepEqual(rows("orders", "callee"), [["stock", 7]]);
});

test("the span that is not over yet is not in the window, so that its rate is not too low", () => {
  const { clock, book, rows } = setUp();
  clock.advance(60_000);
  book.take("shop", "i1", aReport());
  assert.deepEqual(rows("orders", "caller"), []);
  clock.advance(5000);
  assert.deepEqual(rows("orders", "caller"), [["shop", 10]]);
});

test("what policy did is counted beside the calls, whichever end did it", () => {
  const { report, signals } = setUp();
  const zero = { retries: 0, hedges: 0, ejections: 0, parked: 0, budgetLeft: 5 };
  report(
    ["shop", [anEdge()], { callees: [{ ...zero, service: "orders", retries: 4, ejections: 1 }] }],
    [
      "orders",
      [anEdge({ side: "server", peer: "shop" })],
      {
        version: "2",
        limited: { shop: 6 },
        app: { running: 3, waiting: 1, limit: 4, queued: 2, shed: 5, overloaded: 1 },
        expiry: { jwt: 1234 },
      },
    ],
  );
  const { in: incoming, instances } = signals.service("orders", MINUTE, "caller")!;
  const { calls, retries, ejections, limited, queued, shed, overloaded } = incoming;
  assert.deepEqual([calls, retries, ejections, limited, queued, shed, overloaded], [10, 4, 1, 6, 2, 5, 1]);
  assert.deepEqual(instances, [
    {
      ...{ instance: "i1", version: "2", inFlight: { client: 0, server: 0 } },
      app: { running: 3, waiting: 1, limit: 4 },
      expiry: { jwt: 1234 },
    },
  ]);
});

test("a node says how the service is, and why", () => {
  const { catalog, ejections, report, graph } = setUp();
  const healthOf = (service: string) => {
    const { health, why } = graph().nodes.find((node) => node.service === service)!;
    return why === undefined ? health : `${health}: ${why}`;
  };
  catalog.beat(beat({ service: "orders", instance: "o1", version: "2" }));
  catalog.beat(beat({ service: "stock", instance: "s1", state: "down" }));
  catalog.beat(beat({ service: "billing", instance: "b1" }));
  assert.equal(healthOf("orders"), "idle");
  assert.equal(healthOf("stock"), "down: no instance is up");
  report(["shop", [anEdge()]]);
  assert.equal(healthOf("orders"), "ok");
  assert.equal(healthOf("shop"), "idle");
  report(["spy", [aFailure({ calls: 40, statuses: [0, 0, 0, 0, 40, 0], codes: { denied: 40 } })]]);
  assert.equal(healthOf("orders"), "ok", "that somebody may not call it is no fault of its own");
  report(["shop", [aFailure({ calls: 1, codes: { deadline: 1 } })]]);
  assert.equal(healthOf("orders"), "degraded: 9.1 % of its calls fail, mostly deadline");
  report(["shop", [aFailure({ calls: 30 })]]);
  assert.equal(healthOf("orders"), "failing: 75.6 % of its calls fail, mostly 5xx");
  (ejections as Map<string, unknown>).set("billing.b1", { services: new Set(["shop"]), sidecars: 1 });
  assert.equal(healthOf("billing"), "degraded: 1 of 1 instances are ejected by callers");
});

test("what policy did with copies makes no edge: they are no calls; calls that are held back do", () => {
  const { report, graph, signals } = setUp();
  const zero = { retries: 0, hedges: 0, ejections: 0, parked: 0, budgetLeft: 5 };
  const callees = [
    { ...zero, service: "audit", retries: 3, ejections: 1 },
    { ...zero, service: "mail", parked: 2 },
  ];
  report(["shop", [anEdge()], { callees }]);
  assert.deepEqual(
    graph().edges.map(({ to }) => to),
    ["orders", "mail"],
  );
  assert.deepEqual(signals.service("orders", MINUTE, "version")?.by.policy, []);
  assert.ok(signals.service("orders", MINUTE, "caller")?.by.policy.includes("retries"));
});

test("a look back judges calls alone, as instances are those of now", () => {
  const { clock, catalog, report, graph } = setUp();
  report(["shop", [anEdge()]]);
  catalog.beat(beat({ service: "orders", instance: "o1", state: "down" }));
  const healthOf = (at?: number) =>
    graph(MINUTE, at).nodes.find(({ service }) => service === "orders")!.health;
  assert.deepEqual([healthOf(), healthOf(clock.unix())], ["down", "ok"]);
});

test("a name that nobody serves is told from a service that is down", () => {
  const { catalog, report, graph } = setUp();
  catalog.beat(beat({ service: "stock", instance: "s1", state: "down" }));
  const nobody = (peer: string) => aFailure({ peer, version: "", codes: { "no-instance": 10 } });
  report(["shop", [anEdge(), ...["stock", "nosuch", "_UNKNOWN"].map(nobody)]]);
  assert.deepEqual(
    graph()
      .nodes.filter(({ isServed }) => !isServed)
      .map(({ service }) => service),
    ["_UNKNOWN", "nosuch"],
  );
});

test("who has reported all that there is room for is named", () => {
  const { clock, graph, report } = setUp();
  const book = new SignalBook(clock, { series: 100, seriesPerService: 4 });
  report(["shop", [anEdge()]]);
  assert.deepEqual(graph().full, { all: false, services: [] });
  book.take("shop", "i1", aReport({ edges: [1, 2, 3, 4].map((i) => anEdge({ peer: `s${i}` })) }));
  assert.deepEqual(book.full(), { all: false, services: ["shop"] });
});

test("of a service that nobody ever heard of there are no signals", () => {
  const { signals, report } = setUp();
  report(["shop", [anEdge()]]);
  assert.equal(signals.service("nobody", MINUTE, "version"), undefined);
  assert.equal(signals.service("orders", MINUTE, "version")?.in.calls, 10);
});

test("a registry that began in the middle of a step shows neither twice the rate nor half of it", () => {
  for (const [began, reported] of [
    [4000, 4500],
    [4500, 4000],
    [100, 4500],
    [4900, 500],
  ] as const) {
    const { clock } = setUp();
    clock.advance(began);
    const book = new SignalBook(clock);
    const signals = new Signals({ book, catalog: new Catalog(clock), clock, ejections: () => new Map() });
    clock.advance((reported - began + 5000) % 5000);
    const rates: (number | undefined)[] = [];
    for (let i = 0; i < 5; i++) {
      if (i > 0) clock.advance(5000);
      book.take("shop", "i1", aReport({ edges: [anEdge({ calls: 50 })] }));
      if (i > 1) rates.push(signals.graph(MINUTE).edges[0]?.rate);
    }
    assert.deepEqual(rates, [10, 10, 10], `began at ${began}, reported at ${reported}`);
  }
});
