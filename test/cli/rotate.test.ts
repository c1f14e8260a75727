import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { freePort } from "../../broker/ports.ts";
import { tcpCheck } from "../../sidecar/life/health.ts";
import { newestServer } from "../support/servers.ts";
import { app, FREE_PORTS, soon, Weft } from "./weft.ts";

function weftFor(t: TestContext): Weft {
  const weft = new Weft();
  t.after(() => weft.close());
  return weft;
}

const HELLO = ["run", "hello", "--version", "1", "--port", "0", "--", ...app("(q, r) => r.end('hi')")];
const ROTATE_CA = ["rotate", "ca", "--spread", "100ms", "--patience", "30s"];

/** Secrets that a running mesh can do without. */
const REMOVABLE = [
  "operator/operator.seed",
  "ca/root.key",
  ...["MESH", "REG", "SYS"].map((name) => `accounts/${name}.seed`),
];

test("the mesh runs, and is well, without the secrets that may be kept elsewhere, and says what needs them", async (t) => {
  const weft = weftFor(t);
  await (await weft.start(["up", ...FREE_PORTS])).end();
  const vault = join(weft.folder, "vault");
  mkdirSync(vault, { mode: 0o700 });
  for (const file of REMOVABLE) renameSync(join(weft.state, "trust", file), join(vault, basename(file)));

  const up = await weft.start(["up", ...FREE_PORTS]);
  for (const file of REMOVABLE)
    assert.match(up.stderr(), new RegExp(`trust/${file} is kept elsewhere: .*need`), file);
  await weft.start(HELLO);
  assert.equal((await weft.run(["call", "hello"])).stdout, "hi");
  const healthy = await weft.run(["check"]);
  assert.equal(healthy.code, 0, healthy.stdout);
  assert.match(healthy.stdout, /^ok +secrets +kept elsewhere: trust\/operator\/operator.seed, /m);

  const refused = await weft.run(["rotate", "signing-key"]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /operator's seed is not at .*--operator-seed FILE/);
  const seed = ["--operator-seed", join(vault, "operator.seed")];
  for (const args of [ROTATE_CA, ["rotate", "signing-key", ...seed], ["rotate", "operator", ...seed]]) {
    const { code, stdout, stderr } = await weft.run(args);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^done: /m);
    assert.equal((await weft.run(["call", "hello"])).stdout, "hi");
  }
  assert.match((await weft.run(["rotate", "--status"])).stdout, /^operator: done at /);
  assert.equal((await weft.run(["check"])).code, 0);
});

test("a check fails when something ends before the limit, or is not there, and tells it as data, too", async (t) => {
  const weft = weftFor(t);
  assert.match((await weft.run(["check"])).stderr, /is not the state folder of a mesh/);
  assert.match((await weft.run(["rotate", "ca"])).stderr, /is not the state folder of a mesh/);
  const up = await weft.start(["up", ...FREE_PORTS]);
  const soonOver = await weft.run(["check", "--fail-before", "400d", "-o", "json"]);
  assert.equal(soonOver.code, 1);
  const findings: { level: string; what: string; says: string; cure?: string }[] = JSON.parse(
    soonOver.stdout,
  );
  const failed = findings.filter(({ level }) => level === "fail");
  assert.ok(failed.every(({ what, cure }) => what === "expiry" && cure));
  assert.ok(failed.some(({ says }) => says.startsWith("user registry-store is good for 36")));
  assert.ok(
    findings.some(({ level, says }) => level === "ok" && says.startsWith("ca/root CA is good for 36")),
  );
  assert.equal((await weft.run(["check", "--fail-before", "30d"])).code, 0);
  assert.match((await weft.run(["check", "--fail-before", "soon"])).stderr, /Give days, such as 30d/);
  await up.end();
  const down = await weft.run(["check"]);
  assert.equal(down.code, 1);
  assert.match(down.stdout, /^fail +up .*\n +start it with weft up$/m);
  assert.equal((await weft.run(["rotate", "nothing"])).code, 2);
  assert.match((await weft.run(["rotate", "--status"])).stdout, /nothing was ever rotated/);
});

test("a server of the user's own is changed by him, step by step, at the rotation's word", async (t) => {
  const weft = weftFor(t);
  const port = String(await freePort());
  const place = ["--listen", "127.0.0.1", "--port", port, "--data-dir", join(weft.folder, "data")];
  const conf = join(weft.folder, "nats-server.conf");
  writeFileSync(conf, (await weft.run(["broker", "config", ...place])).stdout);
  const nats = spawn(newestServer().path, ["-c", conf, "-l", join(weft.folder, "nats.log")], {
    stdio: "ignore",
  });
  t.after(() => nats.kill());
  const listens = tcpCheck({ host: "127.0.0.1", port: Number(port) });
  await soon(async () => (await listens()) === undefined);
  await weft.start(["up", "--nats-url", `tls://127.0.0.1:${port}`, ...FREE_PORTS.slice(2)]);
  await weft.start(HELLO);

  let steps = 0;
  for (let args = ROTATE_CA; ; args = [...ROTATE_CA, "--continue"]) {
    const { code, stderr } = await weft.run(args);
    if (code === 0) break;
    assert.match(stderr, /your brokers have to read their certificates anew\n.*weft rotate ca --continue/);
    assert.ok(++steps <= 3, stderr);
    assert.match((await weft.run(["rotate", "--status"])).stdout, /it waits for your brokers/);
    // Its configuration names the certificates in the state folder, so there is nothing to copy.
    nats.kill("SIGHUP");
  }
  assert.equal(steps, 3);
  assert.equal((await weft.run(["call", "hello"])).stdout, "hi");
});
