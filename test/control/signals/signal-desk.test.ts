import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBroker } from "../../../src/bus/memory-bus.ts";
import { SignalBook } from "../../../src/control/signals/signal-book.ts";
import { SignalDesk } from "../../../src/control/signals/signal-desk.ts";
import { MAX_REPORT_BYTES, REPORT_MS, readReport } from "../../../src/control/signals/wire.ts";
import { Drops } from "../../../src/registry/drops.ts";
import { pack } from "../../../src/registry/frame.ts";
import type { Subject } from "../../../src/subjects/subjects.ts";
import { silentLog } from "../../registry/beats.ts";
import { FakeClock, turns } from "../../support/fake-clock.ts";
import { anEdge, aReport } from "./reports.ts";

function setUp(limits?: ConstructorParameters<typeof SignalBook>[1]) {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const drops = new Drops(silentLog, () => clock.now());
  const book = new SignalBook(clock, limits);
  const desk = new SignalDesk({ bus: broker.connect(), clock, drops, book });
  desk.start();
  const bus = broker.connect();
  const send = async (subject: string, data: Buffer) => {
    bus.send(subject as Subject, data);
    await turns();
  };
  return { book, clock, drops, desk, send };
}

const many = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, 1]));

const edgesIn = (book: SignalBook): string[] =>
  [...book.all()].flatMap(({ of }) =>
    of.kind === "edge" ? [`${of.side} ${of.caller}>${of.callee} ${of.version}`] : [],
  );

test("a report counts for who the broker says that it is from", async () => {
  const { book, drops, send } = setUp();
  await send("reg.st.shop.s1", pack(aReport({ edges: [anEdge(), anEdge({ side: "server", peer: "web" })] })));
  assert.deepEqual(edgesIn(book), ["client shop>orders 2", "server web>shop 1"]);
  assert.deepEqual(drops.counts(), {});
  assert.deepEqual(
    book.instances.of("shop").map(({ instance, version }) => [instance, version]),
    [["s1", "1"]],
  );
  await send("reg.st.shop.s1", pack(aReport({ edges: [], last: true })));
  assert.deepEqual(book.instances.of(), []);
});

test("what is no report is dropped and counted, and changes nothing", async () => {
  const { book, clock, drops, send } = setUp();
  const bad: [subject: string, data: Buffer][] = [
    ["reg.st.shop.s1", Buffer.alloc(0)],
    ["reg.st.shop.s1", Buffer.from("c1ff", "hex")],
    ["reg.st.shop.s1", Buffer.alloc(1000, 0x91)],
    ["reg.st.registry.s1", pack(aReport())],
    ["reg.st.shop.S1", pack(aReport())],
    ["reg.st.shop.s1", pack(aReport({ version: "1.0" }))],
    ["reg.st.shop.s1", pack(aReport({ edges: [anEdge({ peer: "a.b" })] }))],
    ["reg.st.shop.s1", pack(aReport({ edges: [anEdge({ route: "red\u001b[31m" })] }))],
    ["reg.st.shop.s1", pack(aReport({ edges: [anEdge({ failed: -1 })] }))],
    ["reg.st.shop.s1", pack(aReport({ edges: [anEdge({ failed: 0.5 })] }))],
    ["reg.st.shop.s1", pack(aReport({ edges: [anEdge({ sumMs: Number.NaN })] }))],
    ["reg.st.shop.s1", pack(aReport({ edges: [anEdge({ statuses: [1] })] }))],
    ["reg.st.shop.s1", pack(aReport({ edges: [anEdge({ durations: [500, 1] })] }))],
    ["reg.st.shop.s1", pack(aReport({ edges: [anEdge({ durations: [1] })] }))],
    ["reg.st.shop.s1", pack(aReport({ edges: [anEdge({ codes: { "<b>": 1 } })] }))],
    ["reg.st.shop.s1", pack(aReport({ edges: [anEdge({ codes: { deadline: 1e9 } })] }))],
    ["reg.st.shop.s1", pack(aReport({ edges: Array.from({ length: 300 }, () => anEdge()) }))],
    ["reg.st.shop.s1", pack({ ...aReport(), inFlight: undefined })],
    ...[-1, 1e300, Number.NaN, Number.POSITIVE_INFINITY, "1"].map((ownMs): [string, Buffer] => [
      "reg.st.shop.s1",
      pack({ ...aReport(), ownMs }),
    ]),
    ...[0, -1, 1.5, 1e300, Number.NaN].map((periods): [string, Buffer] => [
      "reg.st.shop.s1",
      pack({ ...aReport(), periods }),
    ]),
    ["reg.st.shop.s1", pack(aReport({ limited: many(300) }))],
    ["reg.st.shop.s1", pack(aReport({ limited: { "no name": 1 } }))],
  ];
  for (const [subject, data] of bad) {
    await send(subject, data);
    clock.advance(10_000);
  }
  assert.deepEqual(drops.counts(), { "signals-bad": bad.length });
  await send("reg.st.shop.s1", Buffer.alloc(MAX_REPORT_BYTES + 1));
  assert.equal(drops.counts()["signals-oversize"], 1);
  assert.deepEqual([...book.all()], []);
  assert.deepEqual(book.instances.of(), []);
});

test("what was reported while the registry paused for two minutes is taken all at once", async () => {
  const { drops, clock, send } = setUp();
  await send("reg.st.shop.s1", pack(aReport()));
  clock.advance(120_000);
  for (let i = 0; i < 120_000 / REPORT_MS; i++) await send("reg.st.shop.s1", pack(aReport()));
  assert.equal(drops.counts()["signals-flood"], undefined);
});

test("who reports more often than there is reason to is not read, and others are", async () => {
  const { drops, clock, send, book } = setUp();
  for (let i = 0; i < 50; i++) await send("reg.st.shop.s1", pack(aReport()));
  assert.equal(drops.counts()["signals-flood"], 22);
  await send("reg.st.web.w1", pack(aReport()));
  clock.advance(5000);
  await send("reg.st.shop.s1", pack(aReport()));
  assert.equal(drops.counts()["signals-flood"], 22);
  assert.equal(edgesIn(book).length, 2);
});

test("a service that names whom it never called fills its own share of the book alone", async () => {
  const { book, clock, drops, send } = setUp({ series: 40, seriesPerService: 10 });
  for (let n = 0; n < 4; n++) {
    const edges = Array.from({ length: 20 }, (_, i) => anEdge({ peer: `x${n * 20 + i}` }));
    await send("reg.st.liar.l1", pack(aReport({ edges })));
    clock.advance(5000);
  }
  assert.equal([...book.all()].length, 10);
  assert.equal(drops.counts()["signals-full"], 4);
  await send("reg.st.shop.s1", pack(aReport()));
  assert.ok(edgesIn(book).includes("client shop>orders 2"));
  // What was not heard of for more than an hour makes room.
  clock.advance(2 * 3_600_000);
  await send("reg.st.liar.l1", pack(aReport({ edges: [anEdge({ peer: "real" })] })));
  assert.ok(edgesIn(book).includes("client liar>real 2"));
});

test("a code of a later version of the mesh is counted, and does not make a series", async () => {
  const { book, send } = setUp();
  const codes = { "from-the-future": 2, "from-afar": 3, deadline: 1 };
  await send("reg.st.shop.s1", pack(aReport({ edges: [anEdge({ codes })] })));
  const [edge] = [...book.all()];
  assert.deepEqual(
    [...edge!.codes].map(([code, { totals }]) => [code, totals[0]]),
    [
      ["_OTHER", 5],
      ["deadline", 1],
    ],
  );
});

test("the largest report that a sidecar makes is taken", () => {
  const long = "x".repeat(63);
  const durations = Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? i / 2 : 100_000));
  const edges = Array.from({ length: 100 }, (_, i) =>
    anEdge({ peer: `${i}${long}`.slice(0, 63), version: long, route: "r".repeat(500), durations }),
  );
  const packed = pack(aReport({ edges }));
  assert.ok(packed.length < MAX_REPORT_BYTES, `${packed.length} bytes`);
  assert.ok(readReport(packed) !== undefined);
});

test("an instance that is not heard of for three minutes has no gauges any more", async () => {
  const { book, clock, send } = setUp();
  await send("reg.st.shop.s1", pack(aReport()));
  clock.advance(170_000);
  assert.equal(book.instances.of("shop").length, 1);
  clock.advance(20_000);
  assert.equal(book.instances.of("shop").length, 0);
});
