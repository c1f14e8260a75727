import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBroker } from "../../../src/bus/memory-bus.ts";
import { SignalReporter } from "../../../src/control/signals/reporter.ts";
import { MAX_EDGES, readReport, type SignalReport } from "../../../src/control/signals/wire.ts";
import { registry as subjects } from "../../../src/subjects/subjects.ts";
import { CallMeter, type FinishedCall } from "../../../src/telemetry/call-meter.ts";
import type { CalleeState } from "../../../src/telemetry/callee-families.ts";
import type { ConcurrencyState } from "../../../src/telemetry/limit-families.ts";
import { FakeClock, turns } from "../../support/fake-clock.ts";

const call = (over: Partial<FinishedCall> = {}): FinishedCall => ({
  ...{ method: "GET", status: 200, peer: "orders", version: "2", route: "" },
  ...{ errorCode: undefined, injected: "", durationMs: 7 },
  ...over,
});

const orders = (over: Partial<CalleeState> = {}): CalleeState => ({
  ...{ service: "orders", isKnown: true, retries: 0, budget: { refused: 0, left: 10.5 } },
  ...{ hedges: { begun: 0, won: 0 }, ejections: {}, endpoints: [] },
  ...over,
});

const nothing = { version: "1", ownMs: 1000, edges: [], inFlight: { client: 0, server: 0 } };

async function setUp(maxPayload?: number) {
  const broker = new MemoryBroker(maxPayload);
  const clock = new FakeClock();
  const heard: SignalReport[] = [];
  broker.connect().subscribe(subjects.everySignals, undefined, ({ subject, data }) => {
    assert.equal(subject, "reg.st.shop.s1");
    const report = readReport(data);
    assert.ok(report !== undefined, "what a sidecar reports is taken");
    heard.push(report);
  });
  const client = new CallMeter({ side: "client", service: "shop" });
  const server = new CallMeter({ side: "server", service: "shop" });
  const state = {
    callees: [] as CalleeState[],
    concurrency: undefined as ConcurrencyState | undefined,
    limited: new Map<string, number>(),
    expiry: {} as { jwtExpiresAt?: number },
  };
  const reporter = new SignalReporter({
    ...{ bus: broker.connect(), clock, service: "shop", instance: "s1", version: "1", client, server },
    callees: () => state.callees,
    concurrency: () => state.concurrency,
    limited: () => state.limited,
    expiry: () => state.expiry,
    phase: 0.5,
  });
  await turns();
  const end = (meter: CallMeter, over: Partial<FinishedCall> = {}) => {
    meter.started();
    meter.ended(call(over));
  };
  return { broker, clock, heard, client, server, end, state, reporter };
}

test("a sidecar reports at its start, then every five seconds what is new, and when it ends", async () => {
  const { clock, heard, client, server, end, reporter } = await setUp();
  assert.equal(JSON.stringify(heard), JSON.stringify([{ ...nothing, expiry: {} }]));
  end(client);
  end(client, { status: 503, errorCode: "no-instance", version: "" });
  end(server, { peer: "web", version: "" });
  await clock.run(5000);
  assert.equal(heard.length, 2);
  const told = heard[1]!.edges.map(({ side, peer, version, statuses, failed, codes }) => ({
    ...{ side, peer, version, statuses, failed, codes },
  }));
  assert.deepEqual(told, [
    {
      ...{ side: "client", peer: "orders", version: "2" },
      ...{ statuses: [0, 0, 1, 0, 0, 0], failed: 0, codes: undefined },
    },
    {
      ...{ side: "client", peer: "orders", version: undefined },
      ...{ statuses: [0, 0, 0, 0, 0, 1], failed: 1, codes: { "no-instance": 1 } },
    },
    {
      ...{ side: "server", peer: "web", version: undefined },
      ...{ statuses: [0, 0, 1, 0, 0, 0], failed: 0, codes: undefined },
    },
  ]);
  end(client);
  await reporter.close();
  await turns();
  assert.deepEqual([heard.length, heard[2]!.last, heard[2]!.edges.length], [3, true, 1]);
  end(client);
  await clock.run(60_000, 5000);
  assert.equal(heard.length, 3, "nothing comes after the last word");
});

test("reports come once in each period of the wall clock, however long the sidecar runs", async () => {
  const { broker, clock, client, end } = await setUp();
  const periods: number[] = [];
  broker.connect().subscribe(subjects.everySignals, undefined, () => {
    periods.push(Math.floor(clock.unix() / 5000));
  });
  for (let i = 0; i < 600; i++) {
    end(client);
    await clock.run(1000, 500);
  }
  assert.equal(periods.length, 120);
  assert.equal(new Set(periods).size, 120);
});

test("a quiet sidecar says so once a minute, and at once when a call is under way or a credential is renewed", async () => {
  const { clock, heard, client, state } = await setUp();
  await clock.run(300_000, 1000);
  assert.ok(heard.length >= 5 && heard.length <= 6, `${heard.length} in five minutes`);
  const before = heard.length;
  client.started();
  await clock.run(5000);
  assert.deepEqual([heard.length, heard.at(-1)!.inFlight.client], [before + 1, 1]);
  state.expiry = { jwtExpiresAt: 5 };
  await clock.run(5000);
  assert.deepEqual([heard.length, heard.at(-1)!.expiry], [before + 2, { jwt: 5 }]);
});

test("what policy did is told once, and a counter that begins anew is not counted backwards", async () => {
  const { clock, heard, state } = await setUp();
  state.callees = [orders({ retries: 3, ejections: { consecutive: 1, service: 1 } })];
  state.concurrency = {
    ...{ limit: Number.POSITIVE_INFINITY, running: 2, waiting: 1 },
    ...{ queued: 4, overloaded: 0, shed: 1, askedAgain: 0 },
  };
  state.limited.set("web", 6);
  await clock.run(5000);
  const { callees, app, limited } = heard.at(-1)!;
  assert.deepEqual(callees, [
    { service: "orders", retries: 3, hedges: 0, ejections: 2, parked: 0, budgetLeft: 10 },
  ]);
  assert.deepEqual(app, { running: 2, waiting: 1, queued: 4, shed: 1, overloaded: 0 });
  assert.deepEqual(limited, { web: 6 });
  state.callees = [orders({ retries: 1 })];
  await clock.run(5000);
  assert.deepEqual(heard.at(-1)!.callees?.[0]?.retries, 1);
  assert.equal(heard.at(-1)!.limited, undefined);
});

test("what was tried for a name that nobody serves takes no room, calls that wait for it do", async () => {
  const { clock, heard, state } = await setUp();
  const lot = { parked: 1 } as CalleeState["parked"];
  state.callees = [
    orders({ service: "nosuch", isKnown: false, retries: 2 }),
    orders({ service: "late", isKnown: false, ...(lot && { parked: lot }) }),
  ];
  await clock.run(5000);
  assert.deepEqual(
    heard.at(-1)!.callees?.map(({ service }) => service),
    ["late"],
  );
});

test("while the broker is away what happens is kept for the first report after", async () => {
  const { broker, clock, heard, client, end } = await setUp();
  broker.setAway(true);
  for (let i = 0; i < 3; i++) {
    end(client, { errorCode: "broker-away", status: 503 });
    await clock.run(5000);
  }
  assert.equal(heard.length, 1);
  broker.setAway(false);
  await clock.run(5000);
  assert.deepEqual(heard[1]!.edges[0]!.codes, { "broker-away": 3 });
  assert.deepEqual([heard[0]!.periods, heard[1]!.periods], [undefined, 4], "it says of how long that is");
  end(client);
  await clock.run(5000);
  assert.equal(heard[2]!.periods, undefined);
});

test("edges beyond the limit are told as one, the busiest by themselves", async () => {
  const { clock, heard, client, end } = await setUp();
  for (let i = 0; i < 150; i++) for (let n = 0; n < (i === 140 ? 5 : 1); n++) end(client, { peer: `s${i}` });
  await clock.run(5000);
  const { edges } = heard[1]!;
  assert.deepEqual([edges.length, edges[0]!.peer, edges.at(-1)!.peer], [MAX_EDGES + 1, "s140", "_OTHER"]);
  assert.equal(
    edges.reduce((sum, { statuses }) => sum + statuses[2]!, 0),
    154,
  );
});

test("where the broker takes only small messages, the busiest edges are told", async () => {
  const { clock, heard, client, end } = await setUp(2048);
  for (let i = 0; i < 50; i++) end(client, { peer: `s${i}` });
  end(client, { peer: "s30" });
  await clock.run(5000);
  const { edges } = heard[1]!;
  assert.ok(edges.length > 3 && edges.length < 50 && edges[0]!.peer === "s30", `${edges.length} edges`);
});

test("hosts outside of the mesh are told as policy names them, and a name that is none spoils no report", async () => {
  const { clock, heard, client, end } = await setUp();
  end(client, { peer: "egress:*.example.com", version: "" });
  end(client, { peer: "Not A Name", version: "1.0" });
  await clock.run(5000);
  assert.deepEqual(
    heard[1]!.edges.map(({ peer, version }) => [peer, version]),
    [
      ["egress:*.example.com", undefined],
      ["_OTHER", undefined],
    ],
  );
});
