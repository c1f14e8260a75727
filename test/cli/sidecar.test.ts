import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort } from "../../broker/ports.ts";
import { otlpReceiver } from "../support/otlp-receiver.ts";
import { app, FREE_PORTS, proxyOf, type Running, soon, Weft } from "./weft.ts";

const weft = new Weft();
/** Another machine: it has nothing of the mesh but a token. */
const elsewhere = new Weft();
let up: Running;
before(async () => {
  up = await weft.start(["up", ...FREE_PORTS]);
});
after(async () => {
  await elsewhere.close();
  await weft.close();
});

const instanceOf = ({ ready }: Running): string => /instance=(\S+)/.exec(ready)![1]!;

test("a token enrols one instance elsewhere, which comes back without one, also as another version", async () => {
  const file = join(elsewhere.folder, "token");
  const token = await weft.run(["token", "orders", "--ttl", "1m"]);
  writeFileSync(file, token.stdout);
  const listen = ["--listen", String(await freePort())];
  const first = await elsewhere.start([
    "sidecar",
    "orders",
    "--version",
    "1",
    "--token-file",
    file,
    ...listen,
  ]);
  const second = await elsewhere.run([
    "sidecar",
    "orders",
    "--version",
    "1",
    "--token-file",
    file,
    "--listen",
    "0",
  ]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /token has been used already.*weft token/);
  assert.equal((await first.end()).code, 0);

  const again = await elsewhere.start(["sidecar", "orders", "--version", "2", ...listen]);
  assert.equal(instanceOf(again), instanceOf(first));
  assert.doesNotMatch(`${first.stderr()}${again.stderr()}`, new RegExp(token.stdout.trim().slice(0, 40)));
  await again.end();
});

test("an identity is one sidecar's, and a token is for one service", async () => {
  const identity = join(weft.folder, "own");
  const args = ["--version", "1", "--listen", "0", "--identity", identity];
  const first = await weft.start(["sidecar", "alone", ...args]);
  const second = await weft.run(["sidecar", "alone", ...args]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /is in use \(process \d+\)\n.*--identity DIR/);
  await first.end();
  const stranger = await weft.run(["sidecar", "stranger", ...args]);
  assert.match(stranger.stderr, /has the identity of alone: give stranger another folder/);
  await (await weft.start(["sidecar", "alone", ...args])).end();

  const file = join(weft.folder, "pay-token");
  writeFileSync(file, (await weft.run(["token", "pay"])).stdout);
  const bought = ["--version", "1", "--listen", "0", "--token-file", file];
  const wrong = await weft.run(["sidecar", "other", ...bought]);
  assert.match(wrong.stderr, /the token is for pay, not for other.*still good for pay/s);
  await (await weft.start(["sidecar", "pay", ...bought])).end();
});

test("a token is asked for where there is none, and a bad one is told without repeating it", async () => {
  const none = await elsewhere.run(["sidecar", "shop", "--version", "1", "--listen", "0"]);
  assert.match(none.stderr, /no mesh runs from .*\n.*--token-file FILE/);
  const wrong = join(elsewhere.folder, "wrong");
  writeFileSync(wrong, "secret-but-wrong");
  const bad = await elsewhere.run([
    "sidecar",
    "shop",
    "--version",
    "1",
    "--listen",
    "0",
    "--token-file",
    wrong,
  ]);
  assert.match(bad.stderr, /not a whole token/);
  assert.doesNotMatch(bad.stderr, /secret-but-wrong/);
});

test("an app that runs elsewhere is served, -o json tells the addresses, and the admin pages answer", async () => {
  const port = await freePort();
  const identity = join(weft.folder, "identity");
  const args = ["sidecar", "web", "--version", "1", "--listen", "0", "--app", `http://127.0.0.1:${port}`];
  const sidecar = await weft.spawn([...args, "--identity", identity, "-o", "json", "--zone", "eu-1"]);
  const line = await soon(() => (sidecar.stdout().includes("\n") ? sidecar.stdout() : undefined));
  const addresses = JSON.parse(line) as { ready: true; proxy: string; admin: string; instance: string };
  assert.equal((await fetch(`${addresses.admin}/ready`)).status, 503, "its app does not listen yet");
  const [command, ...rest] = app("(q, r) => r.end('hi')");
  const started = (await import("node:child_process")).spawn(command!, rest, {
    env: { ...process.env, PORT: String(port) },
  });
  await soon(async () => (await fetch(`${addresses.admin}/ready`)).status === 200);
  assert.equal((await weft.run(["call", "web", "--via", addresses.proxy])).stdout, "hi");
  assert.ok(existsSync(join(identity, "identity.json")));
  started.kill();
  assert.equal((await sidecar.end()).code, 0);
});

test("the program as it is built has its metrics, its access log and its traces", async (t) => {
  const port = await freePort();
  const receiver = await otlpReceiver(t);
  const telemetry = ["--access-log", "--otlp", receiver.url, "--trace-ratio", "1", "-o", "json"];
  const [command, ...rest] = app("(q, r) => r.end('hi')");
  const served = (await import("node:child_process")).spawn(command!, rest, {
    env: { ...process.env, PORT: String(port) },
  });
  t.after(() => served.kill());
  const args = ["sidecar", "seen", "--version", "1", "--listen", "0", "--app", `http://127.0.0.1:${port}`];
  const sidecar = await weft.spawn([...args, ...telemetry]);
  const line = await soon(() => /^{.*}$/m.exec(sidecar.stdout())?.[0]);
  const { proxy, admin } = JSON.parse(line) as { proxy: string; admin: string };
  await soon(async () => (await fetch(`${admin}/ready`)).status === 200);
  assert.equal((await weft.run(["call", "seen", "--via", proxy])).stdout, "hi");
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  assert.match(metrics, /^http_client_request_duration_seconds_count\{.*weft_callee="seen"\} 1$/m);
  assert.equal((await sidecar.end()).code, 0);
  assert.match(sidecar.stdout(), /"log":"access".*"side":"client".*"callee":"seen"/);
  await soon(() => receiver.spans().length >= 2);
});

test("spans that nobody takes are told of, and cost no call", async () => {
  const lost = ["--otlp", `http://127.0.0.1:${await freePort()}`, "--trace-ratio", "1"];
  const caller = await weft.start(["sidecar", "lone", "--listen", "0", ...lost]);
  assert.match((await weft.run(["call", "nobody", "--via", proxyOf(caller.ready)])).stderr, /no-instance/);
  assert.equal((await caller.end()).code, 0);
  assert.match(caller.stderr(), /spans could not be sent/);
});

test("a pure caller needs no version; a port that is taken is told", async () => {
  const first = await weft.start(["sidecar", "a", "--listen", "0"]);
  assert.match(first.ready, / version=1 /);
  const { code, stderr } = await weft.run([
    "sidecar",
    "b",
    "--version",
    "1",
    "--listen",
    proxyOf(first.ready),
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /taken|in use/);
  assert.doesNotMatch(stderr, /fault of weft/);
  await first.end();
});

test("a broker that is away at the start is waited for, with a word", async () => {
  const listen = ["--listen", String(await freePort())];
  await (await weft.start(["sidecar", "late", "--version", "1", ...listen])).end();
  const { broker } = JSON.parse(readFileSync(join(weft.state, "up.json"), "utf8"));
  const ports = ["broker", "authority", "registry"].flatMap((part) => {
    const record = JSON.parse(readFileSync(join(weft.state, "up.json"), "utf8"));
    return [`--${part}-port`, new URL(record[part].url ?? broker.urls[0]).port];
  });
  await up.end();
  const waiting = await weft.spawn(["sidecar", "late", "--version", "1", ...listen]);
  await soon(() => /no connection to the broker.*Trying again/.test(waiting.stderr()));
  up = await weft.start(["up", ...ports, "--no-dashboard"]);
  await soon(() => waiting.stdout().startsWith("ready late"));
  await waiting.end();
});
