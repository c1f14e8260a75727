import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "../../sidecar/balance/endpoint.ts";
import type { PickerOf } from "../../sidecar/balance/picker.ts";
import { aBalancedCall, endpoints } from "../sidecar/balance/scene.ts";

const NAMES = ["a", "b", "c", "d", "e"];

interface Skips {
  /** Why new endpoints are not spared. */
  readonly slowStart?: string;
}

/**
 * What every policy promises.
 * @param policy makes it anew, with a slow start of 1000 ms; calls carry `user-<n>` as their key
 */
export function pickerContract(name: string, policy: () => PickerOf, skips: Skips = {}) {
  const picked = (pickerOf: PickerOf, list: readonly Endpoint[], calls: number): Map<string, number> => {
    const picker = pickerOf(list);
    const counts = new Map<string, number>();
    for (let i = 0; i < calls; i++) {
      const endpoint = picker.pick(aBalancedCall(`user-${i}`), 0);
      assert.ok(endpoint && list.includes(endpoint), "it picks one of those that it was given");
      counts.set(endpoint.instance, (counts.get(endpoint.instance) ?? 0) + 1);
    }
    return counts;
  };

  test(`${name}: picks nobody when there is nobody`, () => {
    assert.equal(policy()([]).pick(aBalancedCall("user-1"), 0), undefined);
    assert.equal(policy()([]).pick(aBalancedCall(), 0), undefined);
  });

  test(`${name}: picks the only one there is`, () => {
    const [only] = endpoints(["a"]);
    for (const user of ["user-1", undefined])
      assert.equal(policy()([only!]).pick(aBalancedCall(user), 0), only);
  });

  test(`${name}: gives equal endpoints about equal shares`, () => {
    const counts = picked(policy(), endpoints(NAMES), 5000);
    for (const one of NAMES) {
      const count = counts.get(one) ?? 0;
      assert.ok(count > 800 && count < 1200, `${one} got ${count} of 5000`);
    }
  });

  test(`${name}: begins nothing by itself`, () => {
    const list = endpoints(NAMES);
    picked(policy(), list, 100);
    for (const { outstanding, state } of list)
      assert.deepEqual({ outstanding, state }, { outstanding: 0, state: "admitting" });
  });

  test(`${name}: one policy makes many pickers, each for its own endpoints`, () => {
    const pickerOf = policy();
    picked(pickerOf, endpoints(NAMES), 7);
    const fewer = picked(pickerOf, endpoints(["a", "b"]), 1000);
    assert.ok(fewer.get("a")! > 400 && fewer.get("b")! > 400);
  });

  test(`${name}: a new endpoint gets about a tenth of its share at first, and all of it later`, (t) => {
    if (skips.slowStart !== undefined) {
      t.skip(skips.slowStart);
      return;
    }
    const list = [...endpoints(["a", "b", "c", "d"]), ...endpoints(["new"], 0)];
    const atFirst = picked(policy(), list, 5000).get("new") ?? 0;
    assert.ok(atFirst > 40 && atFirst < 220, `${atFirst} of 5000`);
    const picker = policy()(list);
    let later = 0;
    for (let i = 0; i < 5000; i++) if (picker.pick(aBalancedCall(), 1000)?.instance === "new") later++;
    assert.ok(later > 800 && later < 1200, `${later} of 5000`);
  });

  test(`${name}: new endpoints that are alone with each other share as usual`, () => {
    const counts = picked(policy(), endpoints(NAMES, 0), 5000);
    for (const one of NAMES) assert.ok(counts.get(one)! > 800 && counts.get(one)! < 1200);
  });
}
