import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { KEPT, type PolicyStore } from "../../src/control/store/store.ts";
import { until } from "../support/until.ts";

const bytes = (text: string): Buffer => Buffer.from(text);
const textOf = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString();

/** What every store of policy promises. `place` gives a way to open further stores at the same place. */
export function policyStoreContract(name: string, place: (t: TestContext) => Promise<() => PolicyStore>) {
  test(`${name}: is empty at first, with the sequence 0`, async (t) => {
    const open = await place(t);
    assert.deepEqual(await open().read(undefined), { sequence: 0 });
    assert.deepEqual(await open().history(), []);
  });

  test(`${name}: gives back what another wrote, byte for byte, and only when it is news`, async (t) => {
    const open = await place(t);
    const value = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const sequence = await open().append(value, 0);
    const other = open();
    const read = await other.read(0);
    assert.equal(read?.sequence, sequence);
    assert.deepEqual([...read!.value!], [...value]);
    assert.equal(await other.read(sequence), undefined);
  });

  test(`${name}: of two who write after the same value one is first, and the other is told`, async (t) => {
    const open = await place(t);
    const [one, two] = [open(), open()];
    const first = (await one.append(bytes("0"), 0))!;
    assert.equal(await two.append(bytes("x"), 0), undefined);
    const both = await Promise.all([one.append(bytes("a"), first), two.append(bytes("b"), first)]);
    assert.equal(both.filter((sequence) => sequence !== undefined).length, 1);
    const { sequence, value } = (await one.read(first))!;
    assert.equal(
      sequence,
      both.find((one) => one !== undefined),
    );
    assert.equal(textOf(value), both[0] === undefined ? "b" : "a");
    assert.equal(await two.append(bytes("c"), first), undefined);
    assert.notEqual(await two.append(bytes("c"), sequence), undefined);
  });

  test(`${name}: keeps the last ${KEPT} values, oldest first`, async (t) => {
    const open = await place(t);
    const store = open();
    let sequence = 0;
    for (let i = 0; i < KEPT + 3; i++) sequence = (await store.append(bytes(`value ${i}`), sequence))!;
    const kept = await open().history();
    assert.deepEqual(
      kept.map(({ value }) => textOf(value)),
      Array.from({ length: KEPT }, (_, i) => `value ${i + 3}`),
    );
    assert.equal(kept.at(-1)!.sequence, sequence);
    assert.equal(textOf((await open().read(undefined))!.value), `value ${KEPT + 2}`);
  });

  test(`${name}: takes the largest value that it says it takes`, async (t) => {
    const open = await place(t);
    const store = open();
    await store.read(undefined);
    const value = Buffer.alloc(store.maxBytes, 7);
    await store.append(value, 0);
    assert.ok(value.equals((await open().read(undefined))!.value!));
  });

  test(`${name}: tells a watcher of changes by others, until it stops`, async (t) => {
    const open = await place(t);
    const [watching, writing] = [open(), open()];
    let told = 0;
    const first = (await writing.append(bytes("0"), 0))!;
    const stop = await watching.watch(() => told++);
    const second = (await writing.append(bytes("1"), first))!;
    await until(() => told > 0);
    stop();
    const before = told;
    await writing.append(bytes("2"), second);
    await writing.read(undefined);
    assert.equal(told, before);
  });
}
