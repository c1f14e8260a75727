import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { RenewalDesk } from "../../src/control/renew/renewal-desk.ts";
import { type RenewalWish, readWish } from "../../src/control/renew/wire.ts";
import { pack } from "../../src/registry/frame.ts";
import { registry as subjects } from "../../src/subjects/subjects.ts";
import { FakeClock } from "../support/fake-clock.ts";

function desk() {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const heard: RenewalWish[] = [];
  broker.connect().subscribe(subjects.renewEvent, undefined, ({ data }) => void heard.push(readWish(data)!));
  const asked = new RenewalDesk({ bus: broker.connect(), clock });
  asked.start();
  return { asked, clock, heard };
}

test("a wish is told at once, and every ten seconds for half an hour, for those who were away", async () => {
  const { asked, clock, heard } = desk();
  asked.ask({ issuedBefore: 7, services: ["orders"], withinMs: 100 });
  await clock.run(100);
  assert.deepEqual(heard, [{ issuedBefore: 7, services: ["orders"], withinMs: 100 }]);
  await clock.run(40 * 60_000, 10_000);
  assert.ok(heard.length >= 179 && heard.length <= 181, `${heard.length} times`);
  assert.ok(heard.every(({ issuedBefore }) => issuedBefore === 7));
});

test("of too many wishes the oldest become one that asks everybody, and none is forgotten", async () => {
  const { asked, clock, heard } = desk();
  for (let i = 1; i <= 20; i++) asked.ask({ issuedBefore: i, services: [`s${i}`] });
  await clock.run(1000);
  heard.length = 0;
  await clock.run(10_000, 1000);
  assert.equal(heard.length, 16);
  assert.deepEqual(heard[0], { issuedBefore: 5 });
  assert.deepEqual(heard.at(-1), { issuedBefore: 20, services: ["s20"] });
});

test("what is no wish is not read", () => {
  const bad = [
    {},
    { issuedBefore: -1 },
    { issuedBefore: 1, services: ["A"] },
    { issuedBefore: 1, withinMs: 1e9 },
  ];
  for (const each of bad) assert.equal(readWish(pack(each)), undefined);
  assert.equal(readWish(Buffer.from("junk")), undefined);
});
