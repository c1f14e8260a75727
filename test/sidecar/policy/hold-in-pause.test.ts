import assert from "node:assert/strict";
import { test } from "node:test";
import { holdInPause } from "../../../sidecar/policy/hold-in-pause.ts";
import type { Service } from "../../../sidecar/stack/call.ts";
import { marksOf } from "../../../sidecar/stack/marks.ts";
import type { Outcome } from "../../../sidecar/stack/outcome.ts";
import { aCall } from "../../support/calls.ts";
import { turns } from "../../support/fake-clock.ts";
import { codeOf, isPending, replied, time } from "./scene.ts";

function scene() {
  const { sweep, pass } = time();
  let over = () => {};
  const pause = {
    isOn: false,
    holds: false,
    onOver: (listener: () => void) => {
      over = listener;
    },
  };
  const layer = holdInPause(pause, sweep);
  return {
    ...{ sweep, pass, layer, pause },
    begin: () => Object.assign(pause, { isOn: true, holds: true }),
    end() {
      Object.assign(pause, { isOn: false, holds: false });
      over();
    },
  };
}

test("a call that begins in a pause waits for its end, and others pass", async () => {
  const { sweep, pass, layer, pause, begin, end } = scene();
  const service = layer(async () => replied);
  assert.equal(codeOf(await service(aCall())), 200);
  begin();
  const call = aCall();
  const held = service(call);
  await pass(1000);
  assert.equal(await isPending(held), true);
  pause.holds = false;
  assert.equal(codeOf(await service(aCall())), 200, "it belongs to a call under way");
  end();
  assert.equal(codeOf(await held), 200);
  assert.equal(marksOf(call.marks), "paused");
  assert.deepEqual([call.waitedMs, sweep.size], [1000, 0]);
});

test("a held call ends at its deadline, or when its caller leaves, and no app has seen it", async () => {
  const { sweep, pass, layer, begin, end } = scene();
  let sent = 0;
  const service = layer(async () => {
    sent++;
    return replied;
  });
  begin();
  const short = service(aCall({ timeoutMs: 300 }));
  const left = aCall();
  const leaving = service(left);
  await pass(100);
  left.cancel("cancelled");
  assert.equal(codeOf(await leaving), "cancelled");
  await pass(200);
  const outcome = await short;
  assert.ok(outcome.kind === "failed" && outcome.code === "deadline" && outcome.delivered === "no");
  assert.match(outcome.message, /while the broker was restarted/);
  end();
  assert.deepEqual([sent, sweep.size], [0, 0]);
});

test("what was held goes on in its order and not all at once, and nothing is left behind when some have left meanwhile", async () => {
  const { layer, begin, end } = scene();
  const running: (() => void)[] = [];
  const order: string[] = [];
  const inner: Service = (call) => {
    order.push(call.path);
    return new Promise<Outcome>((resolve) => running.push(() => resolve(replied)));
  };
  const service = layer(inner);
  begin();
  const calls = Array.from({ length: 1000 }, (_, i) => aCall({ path: `/${i}` }));
  const held = calls.map(service);
  for (const call of calls.slice(0, 100)) call.cancel("cancelled");
  end();
  // Between the wake-up and its turn: the place of one that leaves just then is another's.
  for (const call of calls.slice(100, 150)) call.cancel("cancelled");
  let most = 0;
  await turns();
  while (running.length > 0) {
    most = Math.max(most, running.length);
    for (const answer of running.splice(0)) answer();
    await turns();
  }
  const codes = (await Promise.all(held)).map(codeOf);
  assert.ok(most <= 128, `${most} at once`);
  assert.deepEqual(new Set(codes.slice(150)), new Set([200]));
  assert.deepEqual(
    order,
    order.toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1))),
  );
});
