import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { firstCommand } from "../../src/dashboard/pages/model/first-command.ts";
import { dashboard } from "./dashboard.ts";

test("the command for a first service names the state folder, as a shell reads it", () => {
  assert.match(firstCommand(undefined), /^npx weft run hello --version 1 /);
  assert.match(firstCommand("/var/mesh"), /^npx weft run hello --state \/var\/mesh --version 1 /);
  assert.match(firstCommand("/a b/it's"), /^npx weft run hello --state '\/a b\/it'\\''s' --version 1 /);
});

test("a dashboard tells the state folder when it is that of a mesh", async (t) => {
  const { url, stateDir } = await dashboard(t, "http://127.0.0.1:9");
  const state = async () => (await fetch(`${url}/api/state`)).json();
  assert.deepEqual(await state(), {});
  mkdirSync(join(stateDir, "trust"));
  assert.deepEqual(await state(), { folder: stateDir });
});

test("a service that nothing can be called is told as such", async (t) => {
  const { url } = await dashboard(t, "http://127.0.0.1:9");
  const answer = await fetch(
    `${url}/api/v1/signals/${encodeURIComponent("<img src=x onerror=alert(1)>")}?window=1m`,
  );
  assert.equal(answer.status, 404);
  const { error } = (await answer.json()) as { error: { code: string; message: string } };
  assert.equal(error.code, "unknown-service");
  assert.match(error.message, /^there is no such service, and none can be called that/);
});
