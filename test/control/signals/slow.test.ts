import assert from "node:assert/strict";
import { test } from "node:test";
import { SignalBook } from "../../../src/control/signals/signal-book.ts";
import { Signals } from "../../../src/control/signals/view/signals.ts";
import type { EdgeReport } from "../../../src/control/signals/wire.ts";
import { Catalog } from "../../../src/registry/catalog.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { aFailure, anEdge, aReport } from "./reports.ts";

const MINUTE = 60_000;
const USUAL = [anEdge({ version: "1", calls: 30, ms: 9 }), anEdge({ version: "2", calls: 30, ms: 9 })];
const SLOW = [anEdge({ version: "1", calls: 30, ms: 1700 }), anEdge({ version: "2", calls: 30, ms: 1700 })];

function setUp() {
  const clock = new FakeClock();
  clock.advance(MINUTE - 1000);
  const book = new SignalBook(clock);
  const signals = new Signals({ book, catalog: new Catalog(clock), clock, ejections: () => new Map() });
  /** Reports every five seconds, as sidecars do. */
  const reportFor = (ms: number, edges: readonly EdgeReport[]) => {
    for (let past = 0; past < ms; past += 5000) {
      book.take("shop", "i1", aReport({ edges }));
      clock.advance(5000);
    }
  };
  const node = (at?: number, windowMs = MINUTE) =>
    signals.graph(windowMs, at).nodes.find(({ service }) => service === "orders")!;
  const told = (at?: number) => {
    const { health, why } = node(at);
    return why === undefined ? health : `${health}: ${why}`;
  };
  return { clock, reportFor, node, told };
}

test("a service that gets slow in all its versions is degraded within half a minute, and says how it was before", () => {
  const { reportFor, told, node } = setUp();
  reportFor(10 * MINUTE, USUAL);
  assert.equal(told(), "ok");
  reportFor(20_000, SLOW);
  assert.match(
    told(),
    /^degraded: half of its calls take more than 1\.\d s, in the hour before usually (?:8\.|9\.)\d ms$/,
  );
  assert.deepEqual([node().slow?.share, node().slowVersions], ["half", []]);
});

test("it stays so while it is slow, be it for the most part of the hour, and is well again soon after", () => {
  const { reportFor, told } = setUp();
  reportFor(20 * MINUTE, USUAL);
  for (let minutes = 0; minutes < 40; minutes++) {
    reportFor(MINUTE, SLOW);
    assert.match(told(), /^degraded: half/, `after ${minutes} minutes`);
  }
  reportFor(30_000, USUAL);
  assert.equal(told(), "ok");
});

test("a look back says it of then, finely and in minutes", () => {
  const { clock, reportFor, told } = setUp();
  const start = clock.unix();
  reportFor(5 * MINUTE, USUAL);
  reportFor(2 * MINUTE, SLOW);
  reportFor(5 * MINUTE, USUAL);
  assert.equal(told(), "ok");
  assert.match(told(start + 7 * MINUTE), /^degraded: half/);
  clock.advance(20 * MINUTE);
  assert.match(told(start + 7 * MINUTE), /^degraded: half/);
  assert.equal(told(start + 5 * MINUTE), "ok");
});

test("where only every fifth call got slow a tenth is told", () => {
  const { reportFor, told } = setUp();
  reportFor(5 * MINUTE, USUAL);
  reportFor(MINUTE, [anEdge({ calls: 40, ms: 9 }), anEdge({ calls: 10, ms: 800 })]);
  assert.match(told(), /^degraded: a tenth of its calls take more than \d+ ms, in the hour before usually/);
});

test("what was always slow, is a little slower, has one bad moment, few calls or no past is not told", () => {
  const of = (before: EdgeReport[], now: EdgeReport[], beforeMs = 5 * MINUTE, nowMs = 30_000) => {
    const { reportFor, told } = setUp();
    reportFor(beforeMs, before);
    reportFor(nowMs, now);
    return told();
  };
  const one = (ms: number, calls = 30) => [anEdge({ ms, calls })];
  assert.equal(of(one(1700), one(1700)), "ok");
  assert.equal(of(one(200), one(450)), "ok");
  assert.equal(of(one(5), one(60)), "ok");
  assert.equal(of(one(9), one(1700, 20), 5 * MINUTE, 5000), "ok");
  assert.equal(of(one(9), one(1700, 1)), "ok");
  assert.equal(of(one(9), one(1700), MINUTE), "ok");
});

test("what fails is told as failing, and that it is slow, too", () => {
  const { reportFor, told } = setUp();
  reportFor(5 * MINUTE, USUAL);
  reportFor(MINUTE, [aFailure({ ms: 1700 })]);
  assert.match(
    told(),
    /^failing: 100\.0 % of its calls fail, mostly 5xx; half of its calls take more than 1/,
  );
});

test("a slow version that callers avoid is told within twenty seconds, and as long as its last calls were slow", () => {
  const { clock, reportFor, told, node } = setUp();
  const [quick] = USUAL;
  reportFor(2 * MINUTE, USUAL);
  reportFor(5000, [quick!, anEdge({ calls: 4, ms: 1700 })]);
  for (let i = 0; i < 20; i++) {
    reportFor(10_000, [quick!]);
    reportFor(5000, [quick!, anEdge({ calls: 1, ms: 1700 })]);
    assert.match(
      told(),
      /^degraded: version 2 is slow: half of its calls take more than 1\.\d s, of version 1 more than [89]\.\d ms$/,
      `${i}`,
    );
  }
  assert.equal(node().slowVersions[0]?.other, "1");
  reportFor(20_000, USUAL);
  assert.equal(told(), "ok");
  clock.advance(10 * MINUTE);
  reportFor(20_000, [quick!]);
  assert.deepEqual(node().slowVersions, []);
});
