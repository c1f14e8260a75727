import assert from "node:assert/strict";
import { test } from "node:test";
import { SignalBook } from "../../../src/control/signals/signal-book.ts";
import { Signals } from "../../../src/control/signals/view/signals.ts";
import { Catalog } from "../../../src/registry/catalog.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { anEdge, aReport } from "./reports.ts";

const MINUTE = 60_000;
/** Of the sidecar's clock, when the registry's shows nothing: it knows nothing of what the other shows. */
const OWN = 7_654_321;

function setUp() {
  const clock = new FakeClock();
  // Begins with a minute, so that the spans of both resolutions do.
  clock.advance(MINUTE - 1000);
  const book = new SignalBook(clock);
  const signals = new Signals({ book, catalog: new Catalog(clock), clock, ejections: () => new Map() });
  /** A sidecar with ten calls a second. */
  const take = (ownMs?: number, periods?: number, instance = "i1") =>
    book.take(
      "shop",
      instance,
      aReport({
        edges: [anEdge({ calls: 50 * (periods ?? 1) })],
        ...(ownMs === undefined ? {} : { ownMs }),
        ...(periods === undefined ? {} : { periods }),
      }),
    );
  /** It reports in the middle of each period, and each report comes at once. */
  const inTime = (periods: number, report: () => void = () => take(OWN + clock.now())) => {
    for (let i = 0; i < periods; i++) {
      clock.advance(2500);
      report();
      clock.advance(2500);
    }
  };
  /** Nothing comes for so many periods, then all at once. */
  const late = (periods: number, report = (ownMs: number) => void take(ownMs)) => {
    const from = OWN + clock.now();
    clock.advance(periods * 5000);
    for (let i = 0; i < periods; i++) report(from + i * 5000 + 2500);
  };
  const rate = (windowMs = MINUTE) => signals.graph(windowMs).edges[0]?.rate;
  const chart = (windowMs = 3 * MINUTE) => signals.service("orders", windowMs, "version")!.in.points.rate;
  return { clock, book, signals, take, inTime, late, rate, chart };
}

const flat = (steps: number, rate = 10) => Array.from({ length: steps }, () => rate);

test("reports of 90 s that come all at once are counted as if each had come in time", () => {
  const { clock, inTime, late, rate, chart } = setUp();
  inTime(36);
  late(18);
  assert.deepEqual([rate(), rate(5 * MINUTE)], [10, 10]);
  assert.deepEqual(chart(4 * MINUTE), flat(48));
  inTime(6);
  assert.equal(rate(), 10);
  assert.deepEqual(chart(), flat(36));
  // In minutes, too.
  clock.advance(30 * MINUTE);
  const hour = chart(60 * MINUTE).filter((calls) => calls > 0);
  assert.deepEqual(hour, flat(5));
});

test("a registry that stops again and again is told no other rates", () => {
  const { inTime, late, rate, chart } = setUp();
  inTime(12);
  for (const periods of [4, 4, 18, 1, 6]) late(periods);
  inTime(2);
  late(5);
  assert.equal(rate(), 10);
  assert.deepEqual(chart(), flat(36));
});

test("what a sidecar counted while the broker was away is spread over that time", () => {
  const { clock, take, inTime, rate, chart } = setUp();
  inTime(36);
  clock.advance(7 * 5000 + 2500);
  take(OWN + clock.now(), 8);
  clock.advance(2500);
  assert.equal(rate(), 10);
  assert.deepEqual(chart(), flat(36));
});

test("calls that were spread are told in whole ones, and none is lost", () => {
  const { clock, book, signals, inTime } = setUp();
  inTime(36);
  const edges = [anEdge({ peer: "stock", calls: 5, codes: { deadline: 2 } })];
  book.take("shop", "i2", aReport({ edges, ownMs: OWN + clock.now(), periods: 7 }));
  clock.advance(5000);
  const edge = (windowMs: number) => signals.graph(windowMs).edges.find(({ to }) => to === "stock")!;
  assert.deepEqual([edge(MINUTE).calls, edge(MINUTE).codes], [5, { deadline: 2 }]);
  assert.deepEqual([edge(15_000).calls, edge(15_000).statuses["2xx"]], [2, 2]);
});

test("of a time away that began before the registry did, or before what is kept, only the rest is in the rates", () => {
  const { clock, take, rate, chart } = setUp();
  clock.advance(22_500);
  take(OWN + clock.now(), 2_000_000);
  clock.advance(2500);
  assert.equal(rate(), 10);
  assert.deepEqual(chart(MINUTE), [...flat(7, 0), ...flat(5)]);
  clock.advance(1000 * 5000 + 2500);
  take(OWN + clock.now(), 1001);
  clock.advance(2500);
  assert.equal(rate(), 10);
  assert.deepEqual(chart(15 * MINUTE), flat(180));
});

test("the report of an older sidecar counts when it comes", () => {
  const { take, inTime, late, rate, chart } = setUp();
  inTime(12, () => take());
  assert.equal(rate(), 10);
  late(4, () => void take());
  assert.equal(chart().at(-1), 0, "the span that is not over yet has them");
  inTime(1, () => take());
  assert.equal(chart().at(-1), 50);
});

test("clocks that drift apart, one that began anew and one that slept do not make what comes now the past", () => {
  const { clock, take, inTime, chart } = setUp();
  inTime(12);
  // One ms a second, for an hour: more than any clock does.
  let own = OWN + clock.now();
  const slowly = () => {
    own += 4995;
    take(own);
  };
  inTime(720, slowly);
  assert.deepEqual(chart().slice(-30), flat(30));
  own = 0;
  inTime(30, slowly);
  assert.deepEqual(chart().slice(-30), flat(30));
  // The machine sleeps for two minutes; one report is taken for a late one, those that follow it are not.
  clock.advance(2 * MINUTE);
  inTime(30, slowly);
  assert.deepEqual(chart(2 * MINUTE), flat(24));
});

test("whatever a sidecar says of its own clock, its calls are counted, and within what is kept", () => {
  const { clock, take, inTime, signals, rate } = setUp();
  inTime(180);
  const before = signals.graph(15 * MINUTE).edges[0]!.calls;
  const nonsense = [0, 1e13, 5, 1e13, 1e13 - 1, 0.5, 2 * MINUTE, 0, 0, 3, 1e12, 1e12 + 5000, 1e12 + 1e9];
  for (const ownMs of nonsense) {
    clock.advance(50);
    take(ownMs, undefined, "liar");
  }
  clock.advance(5000 - 50 * nonsense.length);
  // One step of the other has left the window.
  assert.equal(signals.graph(15 * MINUTE).edges[0]!.calls, before + 50 * (nonsense.length - 1));
  inTime(13);
  assert.equal(rate(), 10, "and others are counted as ever");
});

test("who says again and again that it was away is believed for the time since its last report", () => {
  const { clock, take, inTime, chart } = setUp();
  inTime(180);
  for (let i = 0; i < 10; i++) take(OWN + clock.now(), 1000);
  clock.advance(5000);
  assert.deepEqual(chart(15 * MINUTE).slice(0, -2), flat(178));
});

test("how long nothing was heard of a sidecar is by when its report came, not by when it was made", () => {
  const { clock, book, inTime, late } = setUp();
  inTime(4);
  late(18);
  clock.advance(170_000);
  assert.equal(book.instances.of("shop").length, 1);
  clock.advance(20_000);
  assert.equal(book.instances.of("shop").length, 0);
});
