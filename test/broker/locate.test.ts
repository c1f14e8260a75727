import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { installAdvice } from "../../broker/advice.ts";
import { cachedServer, cacheFolder } from "../../broker/cache.ts";
import { type LocateOptions, locateServer } from "../../broker/locate.ts";
import { stateFolder } from "../support/state.ts";
import { closedPort } from "./release-server.ts";
import { script, scriptedServer } from "./scripted-server.ts";

/** A machine on which nothing is found but what a test puts there, and where the release is out of reach. */
async function bareMachine(folder: string): Promise<LocateOptions & { env: Record<string, string> }> {
  return {
    env: { PATH: "", WEFT_NATS_DOWNLOAD: `http://127.0.0.1:${await closedPort()}` },
    cacheDir: join(folder, "cache"),
    pathDirs: [],
  };
}

test("WEFT_NATS_SERVER comes before everything else", async (t) => {
  const folder = stateFolder(t);
  const machine = await bareMachine(folder);
  const path = scriptedServer(join(folder, "named"));
  scriptedServer(join(folder, "bin"), "echo nats-server: v2.13.0");
  const env = { ...machine.env, WEFT_NATS_SERVER: path };
  const found = await locateServer({ ...machine, env, pathDirs: [join(folder, "bin")] });
  assert.deepEqual(found, { path, version: "2.12.3", from: "WEFT_NATS_SERVER" });
});

test("a WEFT_NATS_SERVER that cannot be used is an error, not a reason to take another", async (t) => {
  const folder = stateFolder(t);
  const machine = await bareMachine(folder);
  const locate = (path: string) =>
    locateServer({ ...machine, env: { ...machine.env, WEFT_NATS_SERVER: path } });
  await assert.rejects(locate(join(folder, "absent")), {
    name: "NoServerError",
    message: /^WEFT_NATS_SERVER: .*there is no such file.*unset it/,
  });
  const old = scriptedServer(folder, "echo nats-server: v2.8.0");
  await assert.rejects(locate(old), /version 2\.8\.0: Weft needs 2\.9\.0 or newer/);
});

test("the first usable server on the PATH is taken; a too old one is passed over with a word", async (t) => {
  const folder = stateFolder(t);
  const machine = await bareMachine(folder);
  scriptedServer(join(folder, "a"), "echo nats-server: v2.1.0");
  const path = scriptedServer(join(folder, "b"));
  scriptedServer(join(folder, "c"), "echo nats-server: v2.14.0");
  const said: string[] = [];
  const pathDirs = ["nowhere", "a", "b", "c"].map((name) => join(folder, name));
  const found = await locateServer({ ...machine, pathDirs, onProgress: (line) => said.push(line) });
  assert.deepEqual(found, { path, version: "2.12.3", from: "PATH" });
  assert.match(said.join("\n"), /passed over: .*version 2\.1\.0/);
});

test("after the PATH comes the newest server in the cache", async (t) => {
  const folder = stateFolder(t);
  const machine = await bareMachine(folder);
  for (const version of ["2.9.1", "2.10.4"])
    script(cachedServer(join(folder, "cache"), version), `echo nats-server: v${version}`);
  const found = await locateServer(machine);
  assert.equal(found.version, "2.10.4");
  assert.equal(found.from, "cache");
});

test("where nothing can be had, the error says what was tried and what to install", async (t) => {
  const folder = stateFolder(t);
  const machine = await bareMachine(folder);
  scriptedServer(join(folder, "a"), "echo nats-server: v2.1.0");
  script(join(folder, "tools", "go"), "echo no network >&2; exit 1");
  const env = { ...machine.env, PATH: join(folder, "tools") };
  const error: Error = await locateServer({ ...machine, env, pathDirs: [join(folder, "a")] }).then(
    () => assert.fail("found one"),
    (error) => error,
  );
  assert.equal(error.name, "NoServerError");
  assert.match(error.message, /version 2\.1\.0/);
  assert.match(error.message, /- download: http:\/\/127\.0\.0\.1:\d+\/.*ECONNREFUSED/);
  assert.match(error.message, /- go: go list -m failed: no network/);
  assert.match(error.message, /set WEFT_NATS_SERVER/);
});

test("the advice names the platform's own way", () => {
  assert.match(installAdvice("darwin"), /brew install nats-server/);
  assert.match(installAdvice("win32"), /winget install/);
  assert.match(installAdvice("linux", "ID=ubuntu\nID_LIKE=debian\n"), /sudo apt-get install nats-server/);
  assert.match(installAdvice("linux", 'ID=alpine\nVERSION_ID="3.22"\n'), /sudo apk add nats-server/);
  assert.doesNotMatch(installAdvice("linux", 'ID="rhel"\nID_LIKE="fedora"\n'), /run:/);
});

test("the cache is where WEFT_CACHE or the platform says", () => {
  assert.equal(cacheFolder({ WEFT_CACHE: "/somewhere" }), "/somewhere");
  assert.equal(cacheFolder({ XDG_CACHE_HOME: "/xdg" }, "linux"), join("/xdg", "weft"));
  assert.match(cacheFolder({}, "darwin"), /Library.Caches.weft$/);
});
