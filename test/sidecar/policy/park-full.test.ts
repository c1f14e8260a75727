import assert from "node:assert/strict";
import { test } from "node:test";
import { ParkingLot } from "../../../sidecar/policy/park.ts";
import { Wait } from "../../../sidecar/policy/wait.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome } from "../../../sidecar/stack/outcome.ts";
import { aCall } from "../../support/calls.ts";
import { seeded } from "../../support/random.ts";
import { codeOf, replied, time } from "./scene.ts";

const nobody = failed("no-instance", "no", "orders has no instance");

/** An app behind a limit: it takes so many calls at once, each for so long, and refuses the others. */
const limited = ({ sweep }: ReturnType<typeof time>, limit: number, tookMs: number, refusal: Outcome) => {
  const seen = { served: 0, most: 0, refused: 0, now: 0 };
  const answer = async (call: Call): Promise<Outcome> => {
    if (seen.now >= limit) {
      seen.refused++;
      return refusal;
    }
    seen.most = Math.max(seen.most, ++seen.now);
    await new Wait(call, sweep, tookMs).ended;
    seen.now--;
    seen.served++;
    return replied;
  };
  return { seen, answer };
};

for (const [how, refusal] of [
  ["refuses what is above its limit", failed("overloaded", "no", "every place is in use")],
  ["is not known to the broker while it is at its limit", nobody],
] as const)
  test(`an instance that ${how} gets all that was held, and what comes meanwhile`, async () => {
    const clock = time();
    const { sweep, pass } = clock;
    const { seen, answer } = limited(clock, 4, 60, refusal);
    let isThere = false;
    const lot = new ParkingLot({ maxWaitMs: 8000, maxCalls: 500 }, { sweep, random: seeded(7) });
    const send = lot.layer(async (call) => (isThere ? answer(call) : nobody));
    const outcomes: Promise<Outcome>[] = [];
    for (let ms = 0; ms < 6000; ms += 10) {
      if (ms === 2000) {
        isThere = true;
        lot.up("1");
      }
      if (ms % 40 === 0 && ms < 4000) outcomes.push(send(aCall()));
      await pass(10);
    }
    assert.deepEqual(new Set((await Promise.all(outcomes)).map(codeOf)), new Set([200]));
    assert.deepEqual([seen.served, seen.most, sweep.size], [100, 4, 0]);
    assert.ok(seen.refused < 100, `${seen.refused} were sent in vain`);
  });

test("an instance that has just started is not met by all that were held at once", async () => {
  const clock = time();
  const { seen, answer } = limited(clock, Number.POSITIVE_INFINITY, 100, nobody);
  let isThere = false;
  const lot = new ParkingLot({ maxWaitMs: 9000, maxCalls: 1000 }, { sweep: clock.sweep, random: () => 0.5 });
  const send = lot.layer(async (call) => (isThere ? answer(call) : nobody));
  for (let i = 0; i < 600; i++) void send(aCall());
  await clock.pass(10);
  isThere = true;
  lot.up("1");
  for (let ms = 0; ms < 1500; ms += 5) await clock.pass(5);
  assert.equal(seen.served, 600);
  assert.ok(seen.most < 250, `${seen.most} at once`);
});
