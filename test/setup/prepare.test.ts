import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { freePort } from "../../broker/ports.ts";

/** A checkout in small: the set-up itself, a lock file, and a module to bundle. */
function checkout(t: TestContext): string {
  const top = mkdtempSync(join(tmpdir(), "weft-test-setup-"));
  t.after(() => rmSync(top, { recursive: true, force: true }));
  for (const folder of ["src/setup", "src/cli"]) cpSync(folder, join(top, folder), { recursive: true });
  write(
    top,
    "package.json",
    '{"name":"small","version":"1.0.0","type":"module","dependencies":{"left":"1.0.0"}}',
  );
  write(
    top,
    "package-lock.json",
    JSON.stringify({
      ...{ name: "small", version: "1.0.0", lockfileVersion: 3, requires: true },
      packages: {
        "": { name: "small", version: "1.0.0", dependencies: { left: "1.0.0" } },
        "node_modules/left": { version: "1.0.0" },
      },
    }),
  );
  return top;
}

function write(top: string, name: string, text: string): void {
  mkdirSync(dirname(join(top, name)), { recursive: true });
  writeFileSync(join(top, name), text);
}

interface Result {
  readonly code: number;
  readonly stderr: string;
}

async function node(top: string, script: string, env: NodeJS.ProcessEnv = {}): Promise<Result> {
  const args = ["--input-type=module", "-e", script];
  return promisify(execFile)(process.execPath, args, { cwd: top, env: { ...process.env, ...env } }).then(
    ({ stderr }) => ({ code: 0, stderr }),
    (error: { code: number; stderr: string }) => error,
  );
}

test("without a way to the package registry, it says so and what to do", async (t) => {
  const top = checkout(t);
  const registry = `http://127.0.0.1:${await freePort()}/`;
  const { code, stderr } = await node(
    top,
    "await (await import('./src/setup/prepare.mjs')).prepareOrExit()",
    {
      npm_config_registry: registry,
      npm_config_fetch_retries: "0",
      npm_config_cache: join(top, "cache"),
    },
  );
  assert.equal(code, 1);
  assert.match(stderr, /^weft: installing dependencies \(npm ci\)/);
  assert.match(
    stderr,
    /could not be installed[\s\S]*ECONNREFUSED[\s\S]*does not reach the package registry: go online/,
  );
});

test("an old Node is refused by name, and the newest is not", async (t) => {
  const top = checkout(t);
  const script = `
    const { nodeTooOld } = await import("./src/setup/node-version.mjs");
    console.error(["18.20.0", "20.18.3", "20.19.0", "22.1.0", "24.0.0"].map((v) => nodeTooOld(v) ? "old" : "fine").join(" "));
    console.error(nodeTooOld("18.20.0"));`;
  const { stderr } = await node(top, script);
  assert.match(
    stderr,
    /^old old fine fine fine\nthis is Node 18\.20\.0, and Weft needs 20\.19 or newer\ninstall/,
  );
});

test("dependencies are installed when there are none, or when the lock file is newer", async (t) => {
  const top = checkout(t);
  const needs = async () =>
    (
      await node(top, `console.error((await import("./src/setup/install.mjs")).needsInstall("."))`)
    ).stderr.trim();
  assert.equal(await needs(), "true");
  write(top, "node_modules/.package-lock.json", "{}");
  assert.equal(await needs(), "false");
  const later = new Date(Date.now() + 5000);
  utimesSync(join(top, "package-lock.json"), later, later);
  assert.equal(await needs(), "true");
});

test("a build is due when there is none, a source is newer, or one was removed", async (t) => {
  const top = checkout(t);
  const due = async () =>
    (await node(top, `console.error((await import("./src/setup/build.mjs")).needsBuild())`)).stderr.trim();
  const touch = (name: string, seconds: number) => {
    const time = new Date(Date.now() + seconds * 1000);
    utimesSync(join(top, name), time, time);
  };
  assert.equal(await due(), "true");
  write(top, "dist/weft.js", "");
  write(top, "dist/.built", "");
  touch("dist/.built", 5);
  assert.equal(await due(), "false");
  touch("src/cli/main.ts", 10);
  assert.equal(await due(), "true");
  touch("dist/.built", 15);
  assert.equal(await due(), "false");
  rmSync(join(top, "src/cli/main.ts"));
  touch("src/cli", 20);
  assert.equal(await due(), "true");
});
