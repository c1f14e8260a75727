import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryBroker } from "../../../src/bus/memory-bus.ts";
import { TraceTeller } from "../../../src/control/traces/teller.ts";
import { KEPT_MS, TraceBook } from "../../../src/control/traces/trace-book.ts";
import { TraceDesk } from "../../../src/control/traces/trace-desk.ts";
import { Drops } from "../../../src/registry/drops.ts";
import { pack } from "../../../src/registry/frame.ts";
import type { Subject } from "../../../src/subjects/subjects.ts";
import { silentLog } from "../../registry/beats.ts";
import { FakeClock, turns } from "../../support/fake-clock.ts";
import { aNote, traceId } from "./notes.ts";

function setUp() {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const drops = new Drops(silentLog, () => clock.now());
  const book = new TraceBook(clock);
  new TraceDesk({ bus: broker.connect(), clock, drops, book }).start();
  const sidecar = (service: string, instance: string) => {
    const kept: string[][] = [];
    const keep = (ids: ReadonlySet<string>): void => void kept.push([...ids]);
    const bus = broker.connect();
    return { kept, bus, teller: new TraceTeller({ bus, clock, service, instance, keep }) };
  };
  return { broker, clock, drops, book, sidecar };
}

describe("a trace that one sidecar keeps", () => {
  test("is listed by the registry, and kept by all others", async () => {
    const { clock, book, sidecar } = setUp();
    const [shop, orders] = [sidecar("shop", "s1"), sidecar("orders", "o1")];
    shop.teller.note(aNote());
    shop.teller.note(aNote({ traceId: traceId(2), why: "slow", status: 200, code: "" }));
    await clock.run(1000);
    assert.deepEqual(shop.kept[0], [traceId(1), traceId(2)], "its own, when it tells");
    assert.deepEqual(orders.kept, [[traceId(1), traceId(2)]]);
    assert.deepEqual(
      book.list({ kind: "recent" }, 10).map((trace) => [trace.traceId, trace.why]),
      [
        [traceId(2), ["slow"]],
        [traceId(1), ["failed"]],
      ],
    );
  });

  test("is one line of the list, whoever tells of it", async () => {
    const { clock, book, sidecar } = setUp();
    sidecar("shop", "s1").teller.note(aNote({ why: "slow", ms: 80, status: 200, code: "" }));
    const billing = { caller: "orders", callee: "billing" };
    sidecar("orders", "o1").teller.note(aNote({ ...billing, at: 1005, ms: 60 }));
    await clock.run(1000);
    const [trace, ...others] = book.list({ kind: "failed", service: "billing" }, 10);
    assert.deepEqual(others, []);
    assert.deepEqual([trace!.why, trace!.at, trace!.longest.ms], [["failed", "slow"], 1000, 80]);
    assert.deepEqual(trace!.services.toSorted(), ["billing", "orders", "shop"]);
    assert.equal(trace!.failed!.callee, "billing");
    assert.deepEqual(book.list({ kind: "recent", service: "web" }, 10), []);
  });

  test("is found by who called whom, and by how long it took", async () => {
    const { book } = setUp();
    book.take("shop", aNote({ ms: 80 }));
    book.take("orders", aNote({ caller: "orders", callee: "billing", ms: 60 }));
    const isFound = (filter: object) => book.list({ kind: "recent", ...filter }, 10).length === 1;
    assert.deepEqual(
      [{ caller: "orders" }, { caller: "shop", service: "orders" }, { service: "billing", leastMs: 80 }].map(
        isFound,
      ),
      [true, true, true],
    );
    assert.deepEqual(
      [{ caller: "billing" }, { caller: "shop", service: "billing" }, { leastMs: 81 }].map(isFound),
      [false, false, false],
    );
  });

  test("is told of when its sidecar ends, and stays there while the broker is away", async () => {
    const { broker, clock, book, sidecar } = setUp();
    const { teller, kept } = sidecar("shop", "s1");
    broker.setAway(true);
    teller.note(aNote());
    await clock.run(1000);
    broker.setAway(false);
    assert.deepEqual([kept, book.list({ kind: "recent" }, 10)], [[[traceId(1)]], []]);
    teller.note(aNote({ traceId: traceId(2) }));
    teller.close();
    await turns();
    assert.equal(book.list({ kind: "recent" }, 10).length, 1);
  });

  test("is refused in another's name, as junk, and when there are too many", async () => {
    const { clock, book, drops, sidecar } = setUp();
    const { bus } = sidecar("evil", "e1");
    const send = (data: Buffer): unknown => bus.send("reg.get.kept.evil" as Subject, data);
    const own = aNote({ caller: "evil" });
    for (const notes of [
      [aNote()],
      [],
      [aNote({ side: "server", caller: "evil" })],
      [{ ...own, method: "\u001b[2J" }],
      [{ ...own, traceId: "1" }],
      Array.from({ length: 33 }, () => own),
    ])
      send(pack({ instance: "e1", notes }));
    send(Buffer.from("junk"));
    send(Buffer.alloc(20_000));
    await turns();
    assert.deepEqual([drops.counts(), book.list({ kind: "recent" }, 9)], [{ "traces-bad": 8 }, []]);
    for (let i = 0; i < 100; i++)
      send(pack({ instance: "e1", notes: [aNote({ caller: "evil", traceId: traceId(i) })] }));
    await clock.run(100);
    const { "traces-flood": flood = 0 } = drops.counts();
    assert.ok(flood > 30 && book.list({ kind: "recent" }, 500).length === 100 - flood, `${flood} dropped`);
  });
});

test("the book forgets after an hour, and who tells much pushes out what is his own", () => {
  const clock = new FakeClock();
  const book = new TraceBook(clock, { traces: 5, tracesOfService: 3 });
  const ids = (): string[] => book.list({ kind: "recent" }, 10).map((trace) => trace.traceId);
  assert.ok(book.take("shop", aNote({ traceId: traceId(9) })));
  assert.ok(!book.take("orders", aNote({ traceId: traceId(9) })), "known");
  for (let i = 0; i < 5; i++) book.take("loud", aNote({ traceId: traceId(i) }));
  assert.deepEqual(ids(), [4, 3, 2, 9].map(traceId));
  clock.advance(KEPT_MS / 2);
  book.take("web", aNote({ traceId: traceId(20) }));
  book.take("web", aNote({ traceId: traceId(21) }));
  assert.deepEqual(ids(), [21, 20, 4, 3, 2].map(traceId), "the oldest goes when it is full");
  assert.deepEqual(book.list({ kind: "recent" }, 1).length, 1);
  clock.advance(KEPT_MS / 2 + 1);
  assert.deepEqual(ids(), [21, 20].map(traceId));
});
