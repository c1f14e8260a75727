import assert from "node:assert/strict";
import { test } from "node:test";
import { firstPolicy } from "../../../sidecar/inbound/first-policy.ts";
import type { ServiceRouting } from "../../../src/control/service-routing.ts";

const NONE: ServiceRouting = { service: "payments", revision: 0, routes: [] };

/** What is known when it is waited for, and what comes later. */
function scene({ known = undefined as ServiceRouting | undefined, withheld = false, guarded = false } = {}) {
  let now = known;
  const listeners = new Set<(service: string) => void>();
  const said: string[] = [];
  let isKnown = false;
  const first = firstPolicy({
    ...{ service: "payments", guarded },
    policies: {
      get: () => now,
      whenKnown: () => Promise.resolve(),
      isWithheld: () => withheld,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    say: (_, message) => said.push(message),
  });
  void first.known.then(() => {
    isKnown = true;
  });
  return {
    said,
    listeners,
    isKnown: async () => {
      await new Promise(setImmediate);
      return isKnown;
    },
    come(service: string) {
      now = NONE;
      for (const listener of listeners) listener(service);
    },
  };
}

test("calls are taken when the policy is known, also when it says nothing", async () => {
  const { isKnown, said, listeners } = scene({ known: NONE, guarded: true });
  assert.equal(await isKnown(), true);
  assert.deepEqual([said, listeners.size], [[], 0]);
});

test("without a registry and a policy last known, a service that nobody guards takes calls, and says so", async () => {
  const { isKnown, said } = scene();
  assert.equal(await isKnown(), true);
  assert.match(said.join(), /not known: until a registry is heard, everybody may call it/);
});

test("one that is guarded, or whose policy cannot be read, waits for it", async () => {
  for (const one of [{ guarded: true }, { withheld: true }]) {
    const { isKnown, said, come, listeners } = scene(one);
    assert.equal(await isKnown(), false);
    assert.match(said.join(), /payments takes no calls yet: its policy/);
    come("orders");
    assert.equal(await isKnown(), false);
    come("payments");
    assert.equal(await isKnown(), true);
    assert.equal(listeners.size, 0);
  }
});
