import assert from "node:assert/strict";
import { test } from "node:test";
import type { Breaker } from "../../sidecar/breaker/breaker.ts";

/**
 * What every breaker promises.
 * @param make one with the settings that are usual for it
 * @param most failures that it takes at most, when there is nothing but failures
 */
export function breakerContract(name: string, make: () => Breaker, most: number) {
  const fail = (breaker: Breaker, times: number, hinted = false, now = 0) =>
    Array.from({ length: times }, () => breaker.failed(now, hinted)).findIndex((one) => one !== undefined) +
    1;

  test(`${name}: nothing but failures are enough after ${most}`, () => {
    assert.equal(fail(make(), 1000), most);
  });

  test(`${name}: a failure now and then is not enough`, () => {
    const breaker = make();
    for (let now = 0; now < 100_000; now += 10)
      if (now % 500 === 490) assert.equal(breaker.failed(now, false), undefined);
      else breaker.succeeded(now);
  });

  test(`${name}: what was is forgotten on request`, () => {
    const breaker = make();
    fail(breaker, most - 1);
    breaker.reset();
    assert.equal(fail(breaker, most), most);
  });

  test(`${name}: hints lower what is enough to three, and not to less`, () => {
    assert.equal(fail(make(), 10, true), Math.min(most, 3));
  });

  test(`${name}: hints alone are not enough`, () => {
    const breaker = make();
    for (let now = 0; now < 100; now++) breaker.succeeded(now);
    assert.equal(breaker.failed(100, true), undefined);
  });

  test(`${name}: goes on saying so while the failures go on`, () => {
    const breaker = make();
    fail(breaker, most);
    assert.notEqual(breaker.failed(0, false), undefined);
  });
}
