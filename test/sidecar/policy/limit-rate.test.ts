import assert from "node:assert/strict";
import { test } from "node:test";
import { FairShare } from "../../../sidecar/policy/fair-share.ts";
import { Gcra } from "../../../sidecar/policy/gcra.ts";
import { limitRate, type RateGate, ratePerCaller, sharedRate } from "../../../sidecar/policy/limit-rate.ts";
import { aCall } from "../../support/calls.ts";
import { seeded } from "../../support/random.ts";

const RATE = { requests: 100, intervalMs: 1000, burst: 10 };

/** Callers that each make so many calls a second at random moments; how many of each got through a second. */
function offer(gate: RateGate, perSecond: Record<string, number>, seconds: number, seed = 1) {
  const random = seeded(seed);
  const arrivals = Object.entries(perSecond).flatMap(([caller, rate]) =>
    Array.from({ length: rate * seconds }, () => ({ caller, at: random() * seconds * 1000 })),
  );
  const through: Record<string, number> = {};
  for (const { caller, at } of arrivals.sort((a, b) => a.at - b.at))
    if (gate(caller, at) === 0) through[caller] = (through[caller] ?? 0) + 1 / seconds;
  return through;
}

const near = (actual: number | undefined, expected: number, by = 0.03) =>
  assert.ok(Math.abs((actual ?? 0) - expected) <= expected * by + 0.5, `${actual} instead of ${expected}`);

for (const [name, gate] of [
  ["the GCRA", () => ratePerCaller(RATE)],
  ["a shared rate with one caller", () => sharedRate(RATE, 0)],
] as const) {
  test(`${name} lets a burst through, then one call each interval, and says when the next one may come`, () => {
    const take = gate();
    for (let i = 0; i < 10; i++) assert.equal(take("shop", 0), 0);
    near(take("shop", 0), 10);
    near(take("shop", 4), 6);
    assert.equal(take("shop", 10), 0);
    near(take("shop", 10), 10);
    let through = 0;
    for (let at = 1000; at < 11_000; at += 1) if (take("shop", at) === 0) through++;
    assert.ok(through >= 1000 && through <= 1010, String(through));
  });

  test(`${name} never lets more through than its rate and one burst, in whatever time`, () => {
    const random = seeded(3);
    const take = gate();
    const times: number[] = [];
    let now = 0;
    for (let i = 0; i < 20_000; i++) {
      now += random() < 0.001 ? random() * 500 : random() * 5;
      if (take("shop", now) === 0) times.push(now);
    }
    for (let from = 0; from < times.length; from += 7)
      for (let to = from; to < times.length; to += 13) {
        const most = RATE.burst + (times[to]! - times[from]!) / 10 + 1e-3;
        assert.ok(to - from + 1 <= most, `${to - from + 1} in ${times[to]! - times[from]!} ms`);
      }
  });
}

test("calls that are turned away cost the caller nothing: it gets its whole rate", () => {
  near(offer(sharedRate(RATE, 0), { shop: 5000 }, 20).shop, 100, 0.01);
  near(offer(ratePerCaller(RATE), { shop: 5000 }, 20).shop, 100, 0.01);
});

test("two that ask for too much get half each, whoever asks more often", () => {
  const through = offer(sharedRate(RATE, 0), { greedy: 2000, modest: 100 }, 30);
  near(through.greedy, 50);
  near(through.modest, 50);
});

test("who asks for less than its part gets all of it, and what it leaves is lent to the others in equal parts", () => {
  const through = offer(
    sharedRate({ ...RATE, burst: 100 }, 0),
    {
      ...{ flood: 3000, much: 200, some: 20, little: 5 },
    },
    60,
  );
  near(through.little, 5, 0.02);
  near(through.some, 20, 0.02);
  near(through.much, 37.5);
  near(through.flood, 37.5);
});

test("a caller that comes now and then is let through in the middle of a flood", () => {
  const share = new FairShare(RATE, 0);
  let refused = 0;
  for (let at = 0; at < 300_000; at++) {
    share.take("flood", at);
    if (at % 20_000 === 10_000) refused += share.take("rare", at) === 0 ? 0 : 1;
  }
  assert.equal(refused, 0);
});

test("newcomers are let in at once and all together still get no more than the rate", () => {
  const share = new FairShare(RATE, 0);
  let through = 0;
  for (let at = 0; at < 10_000; at++) {
    if (share.take("flood", at) === 0) through++;
    if (at % 100 === 0) {
      assert.equal(share.take(`new-${at}`, at), 0);
      through++;
    }
  }
  assert.ok(through <= 930, `${through}, and each of the 100 has one more call to make`);
});

test("each caller has a limit of its own when policy says so", () => {
  const through = offer(ratePerCaller(RATE), { a: 500, b: 500, c: 50 }, 20);
  near(through.a, 100);
  near(through.b, 100);
  near(through.c, 50);
});

test("callers that are silent leave the burst to those that call, but for one call each", () => {
  const share = new FairShare({ ...RATE, burst: 100 }, 0);
  for (let i = 0; i < 20; i++) share.take(`caller-${i}`, 0);
  let through = 0;
  for (let i = 0; i < 100; i++) if (share.take("caller-3", 5000) === 0) through++;
  assert.ok(through >= 81, String(through));
  for (let i = 0; i < 20; i++)
    if (i !== 3) assert.equal(share.take(`caller-${i}`, 5000), 0, "each has its one call left");
});

test("who comes back from a pause, or for the first time, gets its part of the burst at once", () => {
  for (const caller of ["b", "c"]) {
    const share = new FairShare({ ...RATE, burst: 100 }, 0);
    share.take("b", 0);
    for (let at = 4000; at <= 5000; at += 10) share.take("a", at);
    let through = 0;
    for (let i = 0; i < 100; i++) if (share.take(caller, 5001) === 0) through++;
    assert.ok(through >= 48 && through <= 51, `${caller}: ${through}`);
  }
});

test("half of the burst is for those that call, however many call seldom", () => {
  const share = new FairShare(RATE, 0);
  for (let i = 0; i < 200; i++) share.take(`caller-${i}`, 0);
  let through = 0;
  for (let i = 0; i < 20; i++) if (share.take("caller-0", 60_000) === 0) through++;
  assert.ok(through >= 5 && through <= 6, String(through));
});

test("callers are forgotten after ten minutes, and never more than a thousand or so are kept", () => {
  const share = new FairShare(RATE, 0);
  for (let i = 0; i < 5000; i++) share.take(`caller-${i}`, i);
  for (let i = 0; i < 10; i++) share.take("after", 10_000);
  const all = Array.from({ length: 10 }, () => share.take("after", 700_000));
  assert.deepEqual(all, new Array(10).fill(0), "nobody else holds a part of the burst any more");
});

test("a very small and a very large rate are kept as well", () => {
  const slow = new Gcra({ requests: 1, intervalMs: 86_400_000, burst: 1 });
  assert.deepEqual([slow.take(0), slow.take(1000), slow.take(86_400_000)], [0, 86_399_000, 0]);
  near(offer(sharedRate({ requests: 3, intervalMs: 60_000, burst: 1 }, 0), { a: 2 }, 600).a! * 600, 30);
  const fast = sharedRate({ requests: 50_000, intervalMs: 1000, burst: 100 }, 0);
  near(offer(fast, { a: 60_000, b: 60_000 }, 1).a, 25_000);
});

test("what is above the rate is answered with the time and the fields of the standard", () => {
  const limited: string[] = [];
  let now = 0;
  const gateOf = (requests: number, intervalMs: number) => {
    const rate = { requests, intervalMs, burst: 1 };
    const gate = limitRate({
      ...{ gate: sharedRate(rate, now), rate, name: "local", now: () => now },
      limited: (caller) => limited.push(caller),
    });
    gate(aCall());
    return gate(aCall());
  };
  assert.deepEqual(gateOf(1, 2500), {
    kind: "refused",
    code: "rate-limited",
    message: "more than 1 calls in 2500 ms (local rate limit)",
    retryAfterMs: 2500,
    headers: 'RateLimit-Policy: "local";q=1;w=3\r\nRateLimit: "local";r=0;t=3\r\n',
  });
  const quick = gateOf(50, 100);
  assert.ok(quick !== undefined && "headers" in quick);
  assert.equal(quick.headers, 'RateLimit-Policy: "local";q=500;w=1\r\nRateLimit: "local";r=0;t=1\r\n');
  assert.deepEqual(limited, ["shop", "shop"]);
  now = 5;
  const gate = limitRate({
    ...{ gate: () => 0, rate: RATE, name: "global", now: () => now, limited: () => {} },
  });
  assert.equal(gate(aCall()), undefined);
});
