import assert from "node:assert/strict";
import { test } from "node:test";
import { type Demand, divide } from "../../../src/control/rate/divide.ts";
import { seeded } from "../../support/random.ts";

/** Demand of which as much is let through as is asked for, up to the level. */
const wants = (offered: number, admitted = offered): Demand => ({ offered, admitted });

const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);

const shares = (demands: readonly (Demand | undefined)[], rate = 100) =>
  divide(rate, demands).map((share) => Math.round(share * rate * 1000) / 1000);

test("who asks for more than there is gets an even part", () => {
  assert.deepEqual(shares([wants(500), wants(50), wants(1000), wants(26)]), [25, 25, 25, 25]);
  assert.deepEqual(shares([wants(500)]), [100]);
  assert.deepEqual(shares([]), []);
});

test("what one leaves goes to the others in equal parts, and it keeps some headroom", () => {
  // 10 / 4 more than it uses, and a tenth of an even part.
  assert.deepEqual(shares([wants(10), wants(500), wants(500), wants(500)]), [15, 30, 30, 30]);
  // What could not be let through, of what was asked for, is nobody's loss.
  assert.deepEqual(shares([wants(10, 4), wants(500), wants(500), wants(500)]), [15, 32, 32, 32]);
});

test("while there is enough for all, what is left is divided evenly", () => {
  assert.deepEqual(shares([wants(0), wants(0), wants(0), wants(0)]), [25, 25, 25, 25]);
  assert.deepEqual(shares([wants(20), wants(0), wants(0), wants(0)]), [40, 20, 20, 20]);
});

test("one whose demand is not known may want all that it can get", () => {
  assert.deepEqual(shares([undefined, undefined, undefined, undefined]), [25, 25, 25, 25]);
  assert.deepEqual(shares([undefined, wants(10), wants(10), wants(10)]), [70, 15, 15, 15]);
});

test("an instance that reports nonsense never makes a share less than nothing or more than all", () => {
  const liars = [wants(0, 1e9), wants(1e9, 1e9), wants(1e9, 0), wants(0, 0), wants(1e-9, 1e9)];
  for (const liar of liars)
    for (const demands of [[liar], [liar, wants(10)], [liar, liar, undefined], [liar, wants(80), wants(90)]])
      for (const share of divide(100, demands)) assert.ok(share > 0 && share <= 1, JSON.stringify(demands));
});

test("for any demand: what passes is the rate if so much is asked for, and nobody gets less than an even part of it", () => {
  const random = seeded(7);
  for (let round = 0; round < 2000; round++) {
    const rate = 10 ** (random() * 6 - 2);
    const demands = Array.from({ length: 1 + Math.floor(random() * 12) }, () => {
      const offered = (rate * random() * 4) / 10 ** Math.floor(random() * 3);
      return wants(offered);
    });
    const given = divide(rate, demands).map((share) => share * rate);
    const passes = given.map((share, i) => Math.min(share, demands[i]!.offered));
    const asked = sum(demands.map(({ offered }) => offered));
    assert.ok(Math.abs(sum(passes) - Math.min(asked, rate)) <= rate * 1e-9, `${sum(passes)} of ${rate}`);
    const even = rate / demands.length;
    for (const [i, { offered }] of demands.entries())
      assert.ok(given[i]! >= Math.min(offered, even) * (1 - 1e-9), `${given[i]} of ${even} for ${offered}`);
    assert.ok(sum(given) <= rate * 1.35 * (1 + 1e-9), "the headroom is at most a third");
  }
});
