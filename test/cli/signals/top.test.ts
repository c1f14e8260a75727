import assert from "node:assert/strict";
import { test } from "node:test";
import { type Look, lookAfter, tableOf, titleOf } from "../../../src/cli/signals/picture.ts";
import { type Graph, instanceRows, percent, perSecond, time } from "../../../src/cli/signals/rows.ts";
import { Screen } from "../../../src/cli/signals/screen.ts";
import { SignalBook } from "../../../src/control/signals/signal-book.ts";
import { Signals } from "../../../src/control/signals/view/signals.ts";
import { Catalog } from "../../../src/registry/catalog.ts";
import { aFailure, anEdge, aReport } from "../../control/signals/reports.ts";
import { FakeClock } from "../../support/fake-clock.ts";

/** shop calls orders often, stock slowly, and billing in vain. */
function aGraph(): Graph {
  const clock = new FakeClock();
  clock.advance(59_000);
  const book = new SignalBook(clock);
  const edges = [
    anEdge({ calls: 90 }),
    anEdge({ peer: "stock", version: "1", ms: 3000 }),
    aFailure({ peer: "billing", calls: 5 }),
  ];
  book.take("shop", "s1", aReport({ edges }));
  clock.advance(5000);
  const signals = new Signals({ book, catalog: new Catalog(clock), clock, ejections: () => new Map() });
  return signals.graph(60_000);
}

const firstOf = (look: Look): string | undefined =>
  tableOf(aGraph(), look, {})[1]?.split(/ +/)[look.what === "edges" ? 1 : 0];

test("what has most traffic, is slowest or fails most comes first", () => {
  for (const what of ["services", "edges"] as const) {
    assert.equal(firstOf({ what, sort: "traffic" }), "orders");
    assert.equal(firstOf({ what, sort: "slow" }), "stock");
    assert.equal(firstOf({ what, sort: "errors" }), "billing");
  }
});

test("keys change the order and what is shown, leave, or do nothing", () => {
  const look: Look = { what: "services", sort: "traffic" };
  assert.deepEqual(lookAfter("s", look), { what: "services", sort: "slow" });
  assert.deepEqual(lookAfter("e", look), { what: "services", sort: "errors" });
  assert.deepEqual(lookAfter("\t", look), { what: "edges", sort: "traffic" });
  assert.deepEqual(lookAfter("\u001b[A", look), look);
  for (const key of ["q", "\u0003", "\u001b"]) assert.equal(lookAfter(key, look), undefined);
});

test("the title has the whole mesh in a line, and says when the picture is old", () => {
  const look: Look = { what: "edges", sort: "slow" };
  const title = titleOf(aGraph(), look, "1m");
  assert.match(
    title,
    /^weft top \d\d:\d\d:\d\dZ, last 1m \| 21\.0 calls\/s, 1\.0 fail \| by slow \| t traffic, s slow, e errors, tab services/,
  );
  assert.match(titleOf(aGraph(), look, "1m", "the registry is away"), /\| the registry is away$/);
});

test("each line fits the terminal, and only a terminal gets colours", () => {
  const look: Look = { what: "services", sort: "errors" };
  const narrow = tableOf(aGraph(), look, { isTTY: true, columns: 40 });
  assert.ok(narrow.every((line) => line.replace(/\u001b\[\d+m/g, "").length <= 40));
  assert.ok(narrow[1]!.includes("…"));
  assert.ok(tableOf(aGraph(), look, { columns: 40 }).every((line) => !line.includes("\u001b")));
});

test("a picture is written over the one before in one go, cut to the height, and what was there comes back", () => {
  const written: string[] = [];
  const screen = new Screen({ rows: 3, write: (text) => written.push(text) });
  screen.show(["a", "b", "c", "d"]);
  screen.show(["e"]);
  screen.close();
  screen.close();
  assert.deepEqual(written, [
    "\u001b[?1049h\u001b[?25l\u001b[Ha\u001b[K\r\nb\u001b[K\u001b[J",
    "\u001b[He\u001b[K\u001b[J",
    "\u001b[?25h\u001b[?1049l",
  ]);
});

test("numbers are short, 100 % is said of nothing that failed, and what is rare is not told as nothing", () => {
  assert.deepEqual([0, 0.04, 3.26, 1234.5].map(perSecond), ["0.0/s", "0.04/s", "3.3/s", "1235/s"]);
  assert.deepEqual([1, 0.99999, 0.5, 0, null].map(percent), ["100.0 %", "99.9 %", "50.0 %", "0.0 %", "-"]);
  assert.deepEqual([0.14, 99.94, 100.4, 1234, null].map(time), ["0.1 ms", "100 ms", "100 ms", "1.2 s", "-"]);
});

test("of each instance it is told how busy it is, and when its credentials end", () => {
  const clock = new FakeClock();
  const book = new SignalBook(clock);
  const now = clock.unix();
  const app = { running: 3, waiting: 2, limit: 3, queued: 0, shed: 0, overloaded: 0 };
  const expiry = { jwt: now + 1_800_000, leaf: now - 1 };
  book.take("orders", "o1", aReport({ edges: [], inFlight: { client: 1, server: 5 }, app, expiry }));
  book.take("orders", "o2", aReport({ edges: [] }));
  const signals = new Signals({ book, catalog: new Catalog(clock), clock, ejections: () => new Map() });
  const [, ...rows] = instanceRows(signals.service("orders", 60_000, "instance")!, now);
  assert.deepEqual(rows, [
    ["o1", "1", "5", "1", "2", "3", "30m", "ended"],
    ["o2", "1", "0", "0", "-", "-", "-", "-"],
  ]);
});
