import assert from "node:assert/strict";
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Fault } from "../../src/cli/fault.ts";
import { lockFolder } from "../../src/cli/lock-folder.ts";
import { stateFolder } from "../support/state.ts";

const taken = (pid: number) => new Fault(`process ${pid} has it`, "wait");

test("what a killed process left beside a lock goes with the next lock, and what may be of a living one stays", (t) => {
  const folder = stateFolder(t);
  for (const [name, agoS] of [
    ["trust.lock.0123456789ab.tmp", 3600],
    ["trust.lock.ba9876543210.tmp", 0],
    ["other.lock.0123456789ab.tmp", 3600],
  ] as const) {
    writeFileSync(join(folder, name), "", { mode: 0o600 });
    const at = Date.now() / 1000 - agoS;
    utimesSync(join(folder, name), at, at);
  }
  const unlock = lockFolder(folder, "trust.lock", taken);
  assert.throws(() => lockFolder(folder, "trust.lock", taken), Fault);
  unlock();
  assert.deepEqual(readdirSync(folder).sort(), [
    "other.lock.0123456789ab.tmp",
    "trust.lock.ba9876543210.tmp",
  ]);
});
