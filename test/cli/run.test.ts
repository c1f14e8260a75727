import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { app, FREE_PORTS, proxyOf, soon, Weft } from "./weft.ts";

const weft = new Weft({ NO_PROXY: "internal.example", https_proxy: "http://corporate:3128", WEFT_TOKEN: "" });
before(async () => {
  await weft.start(["up", ...FREE_PORTS]);
});
after(() => weft.close());

const run = (service: string, ...command: string[]) => [
  "run",
  service,
  "--version",
  "1",
  "--port",
  "0",
  "--",
  ...command,
];
const sh = (script: string): string[] => ["sh", "-c", script];

test("the command finds its port and the mesh in its environment, and nothing secret", async () => {
  const { stdout, code } = await weft.run(run("env", process.execPath, "-p", "JSON.stringify(process.env)"));
  const env = JSON.parse(stdout) as Record<string, string>;
  assert.equal(code, 0);
  assert.match(env.HTTP_PROXY!, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(env.http_proxy, env.HTTP_PROXY);
  assert.equal(env.NO_PROXY, "localhost,127.0.0.1,::1,internal.example");
  assert.equal(env.no_proxy, env.NO_PROXY);
  assert.equal(env.https_proxy, "http://corporate:3128");
  assert.equal(env.HTTPS_PROXY, undefined);
  assert.ok(Number(env.PORT) > 0);
  assert.equal(env.WEFT_TOKEN, undefined);
  assert.deepEqual([env.WEFT_SERVICE, env.WEFT_VERSION], ["env", "1"]);
});

test("it ends with the command's exit code, or 128 and the signal", async () => {
  const codes = [sh("exit 7"), sh("kill -9 $$"), ["no-such-command"], ["/"]];
  const done = await Promise.all(codes.map((command) => weft.run(run("job", ...command))));
  assert.deepEqual(
    done.map(({ code }) => code),
    [7, 137, 127, 126],
  );
  assert.match(done[2]!.stderr, /there is no command no-such-command\n +check its name/);
});

test("what the command prints passes through untouched; weft's own lines are on stderr", async () => {
  const { stdout, stderr } = await weft.run(run("printer", ...sh("printf 'a\\tb'; printf 'oh' >&2")));
  assert.equal(stdout, "a\tb");
  assert.match(stderr, /oh/);
});

test("SIGTERM: the instance leaves, finishes its calls, then the app is told, and may still call", async () => {
  const other = await weft.start(run("stock", ...app("(q, r) => r.end('12')")));
  const slow = await weft.start(
    run(
      "slow",
      ...app(
        "(q, r) => { console.log('got'); setTimeout(() => r.end('whole'), 700); }",
        `process.on("SIGTERM", () => {
          const { hostname, port } = new URL(process.env.HTTP_PROXY);
          require("node:http").get({ hostname, port, path: "http://stock.mesh/" }, (r) => r.on("data", (d) => {
            console.log("last call " + d); process.exit(3);
          }));
        });`,
      ),
    ),
  );
  const call = weft.run(["call", "slow"]);
  await soon(() => slow.stdout().includes("got"));
  const ended = slow.end();
  await soon(() => slow.stderr().includes("leaves the mesh"));
  const late = await weft.run(["call", "slow", "-i"]);
  assert.match(late.stdout, /weft-error: no-instance/);
  assert.equal((await call).stdout, "whole");
  const { code, stdout } = await ended;
  assert.equal(stdout, "got\nlast call 12\n");
  assert.equal(code, 3);
  await other.end();
});

test("a second signal ends at once; an app that does not listen to the first is killed in time", async () => {
  const deaf = app("(q, r) => r.end()", "process.on('SIGTERM', () => {});");
  const patient = ["run", "deaf", "--version", "1", "--port", "0", "--kill-after", "300ms", "--", ...deaf];
  const first = await weft.start(patient);
  const done = await first.end();
  assert.equal(done.code, 137);
  assert.match(done.stderr, /did not end within 0\.3 s/);

  const second = await weft.start(run("deaf", ...deaf));
  second.child.kill("SIGTERM");
  await soon(() => second.stderr().includes("leaves the mesh"));
  assert.equal((await second.end()).code, 137);
});

test("a port that somebody else listens on is refused: he would get the calls", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await weft.run([
    "run",
    "x",
    "--version",
    "1",
    "--port",
    String(port),
    "--",
    "true",
  ]);
  server.close();
  assert.equal(code, 1);
  assert.match(
    stderr,
    new RegExp(`listens on 127.0.0.1:${port} already.*\n +stop it, or give another --port`),
  );
});

test("two versions; --upstream stands for one service; a service's name and version are checked", async () => {
  const v1 = await weft.start(run("orders", ...app("(q, r) => r.end('one ' + q.headers['weft-caller'])")));
  const args = ["--upstream", "orders=127.0.0.1:0", "--upstream", "v2.orders=0"];
  const caller = await weft.start(["sidecar", "web", "--version", "1", "--listen", "0", ...args]);
  const [, any = ""] = / orders=(\S+)/.exec(caller.ready)!;
  const [, two = ""] = / v2\.orders=(\S+)/.exec(caller.ready)!;
  assert.equal(await (await fetch(any)).text(), "one web");
  assert.equal((await fetch(two)).status, 503);
  const v2 = await weft.start([
    "run",
    "orders",
    "--version",
    "2",
    "--port",
    "0",
    "--",
    ...app("(q, r) => r.end('two')"),
  ]);
  assert.equal(await (await fetch(two)).text(), "two");
  assert.equal((await weft.run(["call", "v1.orders", "--via", proxyOf(caller.ready)])).stdout, "one web");
  await Promise.all([v1.end(), v2.end(), caller.end()]);

  const { code, stderr } = await weft.run(["run", "My_Shop", "--version", "1", "--port", "0", "--", "true"]);
  assert.equal(code, 2);
  assert.match(stderr, /for example "my-shop"/);
});
