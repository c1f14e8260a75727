import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { freePort } from "../../broker/ports.ts";
import type { UpRecord } from "../../src/cli/up/record.ts";
import { natsServers } from "../support/servers.ts";
import { app, FREE_PORTS, isAlive, soon, Weft } from "./weft.ts";

function weftFor(t: TestContext, env: NodeJS.ProcessEnv = {}): Weft {
  const weft = new Weft(env);
  t.after(() => weft.close());
  return weft;
}

const recordOf = (weft: Weft): UpRecord => JSON.parse(readFileSync(join(weft.state, "up.json"), "utf8"));

const pidsOf = ({ broker, authority, registry }: UpRecord): number[] => [
  broker.pid!,
  authority.pid,
  registry.pid,
];

test("a mesh comes up, is used, and goes away without a trace; its identity stays", async (t) => {
  const weft = weftFor(t);
  const up = await weft.start(["up", ...FREE_PORTS]);
  for (const part of ["broker", "authority", "registry"])
    assert.match(up.stdout(), new RegExp(`^${part} +\\w+://`, "m"));
  const record = recordOf(weft);
  assert.equal(statSync(join(weft.state, "up.json")).mode & 0o777, 0o600);

  const second = await weft.run(["up", ...FREE_PORTS]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /runs from .* already .*\n +use it, stop it .*--state DIR/);

  const service = await weft.start([
    "run",
    "hello",
    "--version",
    "1",
    "--port",
    "0",
    "--",
    ...app("(q, r) => r.end('hi')"),
  ]);
  assert.deepEqual(await weft.run(["call", "hello"]), { code: 0, stdout: "hi", stderr: "" });
  assert.match((await weft.run(["get", "services"])).stdout, /^hello +1 +1 +-$/m);
  await service.end();

  const { code } = await up.end();
  assert.equal(code, 0);
  assert.equal(existsSync(join(weft.state, "up.json")), false);
  for (const pid of pidsOf(record)) assert.equal(isAlive(pid), false);

  await weft.start(["up", ...FREE_PORTS]);
  const caller = await weft.run(["call", "hello", "-i"]);
  assert.match(caller.stdout, /^HTTP\/1\.1 503 .*\nweft-error: no-instance$/m);
  assert.match((await weft.run(["get", "services"])).stdout, /^hello +0/m, "the registry remembers");
});

test("a mesh that was killed leaves nothing running, and the next one starts from its folder", async (t) => {
  const weft = weftFor(t);
  const up = await weft.start(["up", ...FREE_PORTS]);
  const before = pidsOf(recordOf(weft));
  await up.end("SIGKILL");
  assert.equal((await weft.run(["get", "services"])).code, 1, "what it wrote does not count");
  await weft.start(["up", ...FREE_PORTS]);
  await soon(() => before.every((pid) => !isAlive(pid)));
});

test("a registry and a broker that crash are told of, in JSON where it is wished, and started again, at the same place", async (t) => {
  const weft = weftFor(t);
  const up = await weft.start(["up", "--log-format", "json", ...FREE_PORTS]);
  const before = recordOf(weft);
  const { broker, registry, pin } = JSON.parse(up.ready);
  assert.deepEqual([broker, registry, pin], [before.broker.urls, before.registry.url, before.authority.pin]);
  process.kill(before.registry.pid, "SIGKILL");
  process.kill(before.broker.pid!, "SIGKILL");
  const said = (): Record<string, string>[] =>
    up
      .stderr()
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const events = () => said().map(({ event }) => event);
  await soon(() => ["registry-again", "broker-again"].every((event) => events().includes(event)));
  const { level, part, msg } = said().find(({ event }) => event === "registry-crashed")!;
  assert.deepEqual([level, part], ["error", "weft"]);
  assert.match(msg!, /the registry ended by SIGKILL/);
  const after = await soon(() => {
    const record = recordOf(weft);
    const renewed = record.registry.pid !== before.registry.pid && record.broker.pid !== before.broker.pid;
    return renewed ? record : undefined;
  });
  assert.equal(after.registry.url, before.registry.url);
  await weft.start(["run", "hello", "--version", "1", "--port", "0", "--", ...app("(q, r) => r.end('hi')")]);
  assert.equal((await weft.run(["call", "hello"])).stdout, "hi");
});

test("what cannot work is refused with the cure", async (t) => {
  const weft = weftFor(t);
  const { code, stderr } = await weft.run(["up", "--listen", "0.0.0.0"]);
  assert.equal(code, 2);
  assert.match(stderr, /--host/);
  assert.match((await weft.run(["up", "--no-tls", "--listen", "10.0.0.1"])).stderr, /plain text/);
  assert.match((await weft.run(["up", "--broker-port", "65536"])).stderr, /1 to 65535/);
  const none = await weft.run(["up", ...FREE_PORTS, "--nats-url", "tls://127.0.0.1:1"]);
  assert.match(none.stderr, /no nats-server at .*start it/);
  assert.equal(none.code, 1);
});

test("without TLS, for measurements, all works the same", async (t) => {
  const weft = weftFor(t);
  await weft.start(["up", "--no-tls", ...FREE_PORTS]);
  assert.match(recordOf(weft).broker.urls[0]!, /^nats:/);
  await weft.start(["run", "hello", "--version", "1", "--port", "0", "--", ...app("(q, r) => r.end('hi')")]);
  assert.equal((await weft.run(["call", "hello"])).stdout, "hi");
});

for (const server of natsServers())
  test(`nats-server ${server.label} of the user's own, with the configuration that weft prints`, async (t) => {
    const weft = weftFor(t);
    const port = String(await freePort());
    const url = `tls://127.0.0.1:${port}`;
    const place = ["--listen", "127.0.0.1", "--port", port, "--data-dir", join(weft.folder, "data")];
    const conf = join(weft.folder, "nats-server.conf");
    writeFileSync(conf, (await weft.run(["broker", "config", ...place])).stdout);
    const nats = spawn(server.path, ["-c", conf, "-l", join(weft.folder, "nats.log")], { stdio: "ignore" });
    t.after(() => nats.kill());
    const ports = FREE_PORTS.slice(2);
    await soon(async () =>
      (await import("../../sidecar/life/health.ts"))
        .tcpCheck({ host: "127.0.0.1", port: +port })()
        .then((why) => !why),
    );

    const stranger = weftFor(t);
    const refused = await stranger.run(["up", "--nats-url", url, ...ports]);
    assert.match(refused.stderr, /does not accept this mesh's users[\s\S]*weft broker config --state/);
    assert.equal(refused.code, 1);

    const up = await weft.start(["up", "--nats-url", url, ...ports]);
    assert.match(up.stdout(), new RegExp(`your nats-server ${server.label.replaceAll(".", "\\.")}`));
    await weft.start([
      "run",
      "hello",
      "--version",
      "1",
      "--port",
      "0",
      "--",
      ...app("(q, r) => r.end('hi')"),
    ]);
    assert.equal((await weft.run(["call", "hello"])).stdout, "hi");
    await up.end();
    assert.equal(nats.exitCode, null, "it is the user's, and stays");
  });
