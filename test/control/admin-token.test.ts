import assert from "node:assert/strict";
import { chmodSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { adminTokenFile, openAdminToken } from "../../src/control/admin-token.ts";
import { stateFolder } from "../support/state.ts";

test("the admin token is made once, long and random, for its owner alone", (t) => {
  const state = stateFolder(t);
  const token = openAdminToken(state);
  assert.match(token, /^[\w-]{43}$/);
  assert.equal(openAdminToken(state), token);
  assert.notEqual(openAdminToken(stateFolder(t)), token);
  if (process.platform === "win32") return;
  assert.equal(statSync(adminTokenFile(state)).mode & 0o777, 0o600);
  assert.equal(statSync(join(state, "registry")).mode & 0o777, 0o700);
});

test("a token that others could read, or that is empty, is refused with the cure", (t) => {
  const state = stateFolder(t);
  openAdminToken(state);
  writeFileSync(adminTokenFile(state), "\n");
  assert.throws(() => openAdminToken(state), { name: "AdminTokenError", message: /is empty: remove it/ });
  if (process.platform === "win32") return;
  chmodSync(adminTokenFile(state), 0o644);
  assert.throws(() => openAdminToken(state), { name: "SecretFileError", message: /chmod 600/ });
});
