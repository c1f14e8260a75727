import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ServiceRecord } from "../../src/registry/store/record.ts";
import type { Store } from "../../src/registry/store/store.ts";

const record = (service: string, changes: Partial<ServiceRecord> = {}): ServiceRecord => ({
  service,
  firstSeen: 1_700_000_000_000,
  lastSeen: 1_700_000_005_000,
  versions: [{ version: "2", firstSeen: 1_700_000_000_000, lastSeen: 1_700_000_005_000 }],
  instances: [
    { service, instance: "a", version: "2", zone: "z", startedAt: 1_700_000_000_000 },
    { service, instance: "b", version: "2", startedAt: 1_700_000_000_001 },
  ],
  ...changes,
});

const byName = (records: readonly ServiceRecord[]) =>
  [...records].sort((a, b) => (a.service < b.service ? -1 : 1));

/** What every store promises. `place` gives a way to open further stores at the same place. */
export function storeContract(name: string, place: (t: TestContext) => Promise<() => Store>) {
  test(`${name}: is empty at first`, async (t) => {
    const open = await place(t);
    assert.deepEqual(await open().load(), []);
  });

  test(`${name}: gives back what another store saved there`, async (t) => {
    const open = await place(t);
    const first = open();
    await first.save(record("orders"));
    await first.save(record("billing", { versions: [], instances: [] }));
    await first.close();
    assert.deepEqual(byName(await open().load()), [
      record("billing", { versions: [], instances: [] }),
      record("orders"),
    ]);
  });

  test(`${name}: keeps the last record of a service, and none after it is removed`, async (t) => {
    const open = await place(t);
    const store = open();
    for (let lastSeen = 1; lastSeen <= 5; lastSeen++) await store.save(record("orders", { lastSeen }));
    await store.save(record("billing"));
    await store.remove("billing");
    await store.remove("never-there");
    assert.deepEqual(await open().load(), [record("orders", { lastSeen: 5 })]);
    await store.save(record("billing"));
    assert.equal((await open().load()).length, 2);
  });

  test(`${name}: takes the largest record that the registry makes`, async (t) => {
    const open = await place(t);
    const long = (text: string) => text.padEnd(63, "x");
    const large = record(long("s"), {
      instances: Array.from({ length: 2048 }, (_, i) => ({
        service: long("s"),
        instance: long(`i${i}`),
        version: long("v"),
        zone: long("z"),
        startedAt: 1_700_000_000_000,
      })),
    });
    await open().save(large);
    assert.deepEqual(await open().load(), [large]);
  });
}
