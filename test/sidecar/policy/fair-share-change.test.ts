import assert from "node:assert/strict";
import { test } from "node:test";
import { FairShare } from "../../../sidecar/policy/fair-share.ts";
import { seeded } from "../../support/random.ts";

const rate = (requests: number, burst: number) => ({ requests, intervalMs: 1000, burst });

/** How many calls are let through at one moment. */
function takeAll(share: FairShare, now: number, caller = "shop"): number {
  let taken = 0;
  while (share.take(caller, now) === 0) taken++;
  return taken;
}

test("a larger burst has to be earned, and a smaller one is all that stays", () => {
  const share = new FairShare(rate(100, 10), 0);
  assert.equal(takeAll(share, 0), 10);
  share.change(rate(100, 50), 1);
  assert.equal(takeAll(share, 101), 10);
  assert.equal(takeAll(share, 10_000), 50);
  share.change(rate(100, 5), 20_000);
  assert.equal(takeAll(share, 20_000), 5);
});

test("while calls are turned away more than the burst may be kept, and after a pause no more than the burst", () => {
  const share = new FairShare(rate(10, 2), 0, 4);
  assert.equal(takeAll(share, 0), 2);
  assert.equal(takeAll(share, 400), 4);
  assert.equal(takeAll(share, 10_000), 2);
});

test("what comes in while nobody calls fills no more than the burst of its time", () => {
  const share = new FairShare(rate(1, 1), 0);
  assert.equal(takeAll(share, 0), 1);
  share.change(rate(100, 50), 60_000);
  assert.equal(takeAll(share, 60_000), 1);
});

test("a share that changes all the time lets through what its rates come to", () => {
  const random = seeded(5);
  const share = new FairShare(rate(100, 1), 0);
  let allowed = 1;
  let through = 0;
  let perSecond = 100;
  for (let now = 1; now < 60_000; now++) {
    allowed += perSecond / 1000;
    if (now % 97 === 0) {
      perSecond = 10 + random() * 200;
      share.change(rate(perSecond, perSecond / 10), now);
    }
    through += takeAll(share, now, random() < 0.5 ? "shop" : "web");
  }
  assert.ok(through <= allowed + 21 && through >= allowed * 0.98, `${through} of ${allowed}`);
});
