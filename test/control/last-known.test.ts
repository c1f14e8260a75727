import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { stateFolder } from "../support/state.ts";
import { HandSet, lastKnownIn, policyScene, routeTo, SOON_MS } from "./policy-table-scene.ts";

const POSIX = process.platform !== "win32";

/** A folder in which a sidecar has left what it knew: version 2 of `orders`, nothing for the others. */
async function left(t: TestContext) {
  const folder = join(stateFolder(t), "shop");
  const { clock, startRegistry, startTable } = policyScene();
  const set = new HandSet();
  set.apply({ orders: routeTo("orders", "1") });
  startRegistry(set);
  const lastKnown = lastKnownIn(folder);
  const { table } = startTable({ lastKnown });
  table.get("orders");
  await clock.run(SOON_MS);
  set.apply({ orders: routeTo("orders", "2") });
  await clock.run(SOON_MS);
  table.close();
  await lastKnown.written();
  return { folder, path: join(folder, "policy.json"), set };
}

/** A sidecar that starts with what is in the folder; no registry is there. */
function startAgain(folder: string) {
  const warned: string[] = [];
  const scene = policyScene();
  const sidecar = scene.startTable({ lastKnown: lastKnownIn(folder, warned) });
  return { ...scene, ...sidecar, warned };
}

test("a sidecar starts with what was last known, with no registry there, and says which revision it runs", async (t) => {
  const { folder, path } = await left(t);
  const { table, versionOf, warned, clock } = startAgain(folder);
  assert.deepEqual([versionOf("orders"), versionOf("shop")], ["2", "none"]);
  assert.deepEqual(table.inStep, { lineage: "l1", revision: 2 });
  await table.whenKnown("orders", 1000);
  await clock.run(10_000);
  assert.deepEqual([versionOf("orders"), warned], ["2", []]);
  assert.deepEqual(readdirSync(folder), ["policy.json"]);
  if (POSIX) assert.deepEqual([statSync(path).mode & 0o777, statSync(folder).mode & 0o777], [0o600, 0o700]);
});

test("what it knows already is not sent again, and what changed meanwhile is", async (t) => {
  const { folder, set } = await left(t);
  const { versionOf, changed, startRegistry, clock } = startAgain(folder);
  set.apply({ shop: routeTo("shop", "5") });
  startRegistry(set);
  await clock.run(SOON_MS);
  assert.deepEqual([versionOf("orders"), versionOf("shop")], ["2", "5"]);
  assert.deepEqual(changed, ["shop"]);
});

test("a file that is damaged, foreign, too open or of one rotten service is named and passed over", async (t) => {
  const { folder, path } = await left(t);
  const good = readFileSync(path, "utf8");
  for (const [text, problem] of [
    [good.slice(0, -20), /policy\.json is passed over \(.*JSON/],
    ["[]", /policy\.json is passed over \(it is not what a sidecar writes\)/],
    [good.replace('"lineage":"l1"', '"lineage":7'), /not what a sidecar writes/],
  ] as const) {
    writeFileSync(path, text);
    const { table, versionOf, warned } = startAgain(folder);
    assert.deepEqual([versionOf("orders"), table.inStep], [undefined, undefined], text.slice(0, 40));
    assert.match(warned.join(), problem);
  }
  writeFileSync(path, good.replace('"version":"2"', '"version":2'));
  const { table, versionOf, warned } = startAgain(folder);
  assert.deepEqual([versionOf("orders"), versionOf("shop"), table.inStep], [undefined, "none", undefined]);
  assert.match(warned.join(), /policy\.json: the policy of orders is damaged, and passed over/);
  if (!POSIX) return;
  writeFileSync(path, good);
  chmodSync(path, 0o622);
  assert.match(startAgain(folder).warned.join(), /passed over \(other users may write it\)/);
});

test("a folder that cannot be written is named once, and nothing else stops", async (t) => {
  const state = stateFolder(t);
  writeFileSync(join(state, "file"), "");
  const warned: string[] = [];
  const lastKnown = lastKnownIn(join(state, "file", "shop"), warned);
  for (let i = 0; i < 3; i++) {
    lastKnown.save({ lineage: "l1", services: [] });
    await lastKnown.written();
  }
  assert.equal(warned.length, 1);
  assert.match(warned[0]!, /policy cannot be kept in .*policy\.json \(.*\): make room/);
});

test("many changes in a row leave the newest on the disk", async (t) => {
  const folder = stateFolder(t);
  const lastKnown = lastKnownIn(folder);
  for (let inStep = 0; inStep <= 100; inStep++) lastKnown.save({ lineage: "l1", inStep, services: [] });
  await lastKnown.written();
  assert.deepEqual(lastKnown.load(), { lineage: "l1", inStep: 100, services: [] });
});
