import assert from "node:assert/strict";
import { chmodSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { privateFolder } from "../../src/identity/keys/secret-files.ts";
import { stateFolder } from "../support/state.ts";

test("an empty folder that others can read is made its owner's alone; one with something in it is refused", (t) => {
  const folder = stateFolder(t);
  chmodSync(folder, 0o755);
  assert.equal(privateFolder(folder), folder);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  writeFileSync(join(folder, "a"), "");
  chmodSync(folder, 0o755);
  assert.throws(() => privateFolder(folder), /is open to other users of this machine/);
});
