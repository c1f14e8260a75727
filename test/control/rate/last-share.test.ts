import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { LastShare } from "../../../src/control/rate/last-share.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { stateFolder } from "../../support/state.ts";
import { rateScene, SETTLED_MS } from "./rate-scene.ts";

const RATE = { requests: 100, intervalMs: 1000, burst: 50 };
const NAMES = ["a", "b", "c", "d"];
const HOUR_MS = 3_600_000;

const isNear = (actual: number, expected: number, percent = 5) =>
  assert.ok(Math.abs(actual - expected) <= (expected * percent) / 100, `${actual} instead of ${expected}`);

/**
 * Four instances that were lent their shares, all of which then end; the registry is lost before them.
 * @param folderOf where an instance keeps its share
 */
async function lost(folderOf: (name: string) => string, perSecond: readonly number[]) {
  const scene = rateScene(RATE);
  const desk = scene.startRegistry();
  const instances = NAMES.map((name) => scene.startInstance(name, folderOf(name)));
  const load = (of: typeof instances) => of.map((one, i) => [one, perSecond[i]!] as const);
  await scene.clock.run(SETTLED_MS);
  await scene.offer(load(instances), 20);
  await desk.stop();
  await scene.clock.run(2000);
  const shares = instances.map(({ global }) => global.share);
  for (const one of instances) await one.leave();
  return { ...scene, load, shares };
}

describe("instances that all start again while no registry is there", () => {
  test("begin with the shares that they had, each from its own folder", async (t) => {
    const root = stateFolder(t);
    const folderOf = (name: string) => join(root, name);
    const { startInstance, offer, load, shares } = await lost(folderOf, [20, 20, 20, 200]);
    const again = NAMES.map((name) => startInstance(name, folderOf(name)));
    for (const [i, { global }] of again.entries()) isNear(global.share, shares[i]!, 10);
    await offer(load(again), 2);
    isNear(await offer(load(again), 20), 100, 10);
    assert.deepEqual(readdirSync(folderOf("a")), ["rate-share.json"]);
    if (process.platform !== "win32")
      assert.equal(statSync(join(folderOf("a"), "rate-share.json")).mode & 0o777, 0o600);
  });

  test("take an even part where the folder is that of all of them", async (t) => {
    const folder = stateFolder(t);
    const { startInstance, offer, load } = await lost(() => folder, [80, 80, 80, 80]);
    const again = ["e", "f", "g", "h"].map((name) => startInstance(name, folder));
    assert.deepEqual(
      again.map(({ global }) => global.share),
      [0.25, 0.25, 0.25, 0.25],
    );
    await offer(load(again), 2);
    isNear(await offer(load(again), 20), 100);
  });
});

test("more instances than those that the kept share was of count more than it does", async (t) => {
  const folder = stateFolder(t);
  const { startInstance, startRegistry, clock } = rateScene(RATE);
  const desk = startRegistry();
  const alone = startInstance("a", folder);
  await clock.run(SETTLED_MS + 6000);
  await desk.stop();
  await alone.leave();
  startRegistry();
  const again = NAMES.map((name) => startInstance(name, folder));
  assert.equal(again[0]!.global.share, 1);
  await clock.run(2000);
  for (const { global } of again) assert.equal(global.share, 0.25);
});

describe("a share on the disk", () => {
  function kept(t: TestContext, instance = "a") {
    const folder = stateFolder(t);
    const clock = new FakeClock();
    const warned: string[] = [];
    const open = (of = instance) => new LastShare(folder, of, clock, (message) => warned.push(message));
    return { path: join(folder, "rate-share.json"), clock, warned, open };
  }

  test("is written seconds after a change, and again when it moved by a tenth, with the number of instances, or with age", async (t) => {
    const { path, clock, open } = kept(t);
    const last = open();
    const saved = () => JSON.parse(readFileSync(path, "utf8"));
    const later = async (ms = 5000) => {
      await clock.run(ms);
      await last.written();
      return saved();
    };
    last.note(1, 1);
    await clock.run(1000);
    assert.ok(!existsSync(path));
    last.note(0.25, 4);
    const { at, ...first } = await later();
    assert.deepEqual(first, { instance: "a", share: 0.25, instances: 4 });
    last.note(0.26, 4);
    assert.equal((await later()).at, at, "hardly another one");
    last.note(0.3, 4);
    assert.equal((await later()).share, 0.3);
    last.note(0.3, 5);
    const { instances, at: before } = await later();
    assert.equal(instances, 5);
    await clock.run(HOUR_MS / 2);
    last.note(0.3, 5);
    assert.ok((await later()).at > before);
    last.note(0.1, 5);
    last.close();
    assert.equal((await later(60_000)).share, 0.3, "it writes no more");
  });

  test("is an even part of what it was for another instance, and after an hour", async (t) => {
    const { clock, open } = kept(t);
    const last = open();
    last.note(0.7, 4);
    await clock.run(5000);
    await last.written();
    assert.deepEqual(open().load(), { share: 0.7, instances: 4 });
    assert.deepEqual(open("b").load(), { share: 0.25, instances: 4 });
    await clock.run(HOUR_MS);
    assert.deepEqual(open().load(), { share: 0.25, instances: 4 });
  });

  test("is named and passed over when it is damaged, foreign or open to others", async (t) => {
    const { path, warned, open } = kept(t);
    assert.deepEqual([open().load(), warned], [undefined, []]);
    const good = { instance: "a", share: 0.5, instances: 2, at: 1 };
    for (const bad of [
      "{",
      "[]",
      ...[{ share: 0 }, { share: 2 }, { instances: 0 }, { instances: 1.5 }, { at: "x" }, { instance: 1 }].map(
        (other) => JSON.stringify({ ...good, ...other }),
      ),
      " ".repeat(5000),
    ]) {
      writeFileSync(path, bad);
      warned.length = 0;
      assert.equal(open().load(), undefined, bad);
      assert.match(warned.join(), /rate-share\.json is passed over \(.*\): it is lent anew when a registry/);
    }
    if (process.platform === "win32") return;
    writeFileSync(path, JSON.stringify(good));
    chmodSync(path, 0o622);
    assert.equal(open().load(), undefined);
    assert.match(warned.join(), /other users may write it/);
  });
});
