import assert from "node:assert/strict";
import { test } from "node:test";
import { OwnRepeats } from "../../../sidecar/inbound/own-repeats.ts";
import { marksOf } from "../../../sidecar/stack/marks.ts";
import { refused } from "../../../sidecar/stack/outcome.ts";
import { aCall } from "../../support/calls.ts";
import { aPolicy } from "../outbound/scene.ts";

function scene(spec: object) {
  const repeats = new OwnRepeats(() => 0);
  repeats.configure(aPolicy(spec));
  const app = repeats.counting(() => Promise.resolve(refused("overflow", "")));
  const ask = (attempt = 1) => {
    const call = aCall();
    call.attempt = attempt;
    void app(call);
    return call;
  };
  const allowed = () => Array.from({ length: 100 }, () => repeats.take(aCall())).filter(Boolean).length;
  return { repeats, ask, allowed };
}

test("an app is asked again within the budget of its own policy, the default without one", () => {
  const without = scene({});
  for (let i = 0; i < 100; i++) without.ask();
  assert.equal(without.allowed(), 10 + 20);
  const written = scene({ retryBudget: { percent: 5, minRetryRate: 1 } });
  for (let i = 0; i < 100; i++) written.ask();
  assert.equal(written.allowed(), 1 + 5);
});

test("what callers tried again leaves less", () => {
  const { ask, allowed } = scene({});
  for (let i = 0; i < 100; i++) ask();
  for (let i = 0; i < 25; i++) ask(2);
  assert.equal(allowed(), 5);
});

test("with retries off nobody is asked again", () => {
  const { ask, allowed } = scene({ retry: { attempts: 0 } });
  for (let i = 0; i < 100; i++) ask();
  assert.equal(allowed(), 0);
});

test("the app reads that it may have had the call, and the call tells of both", () => {
  const { repeats, ask } = scene({ retryBudget: { percent: 0, minRetryRate: 1 } });
  const [again, not] = [ask(), ask()];
  assert.equal(repeats.take(again), true);
  assert.match(again.head.headers, /^weft-asked-again: 1\r$/m);
  assert.equal(marksOf(again.marks), "asked-again");
  assert.equal(repeats.take(not), false);
  assert.doesNotMatch(not.head.headers, /asked-again/);
  assert.equal(marksOf(not.marks), "over-budget");
});
