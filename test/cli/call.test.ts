import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { app, FREE_PORTS, Weft } from "./weft.ts";

const weft = new Weft();
const ECHO = `(q, r) => {
  const parts = [];
  q.on("data", (d) => parts.push(d)).on("end", () => {
    r.statusCode = q.url.startsWith("/missing") ? 404 : 200;
    r.setHeader("X-App", "echo");
    r.end(JSON.stringify({ method: q.method, url: q.url, headers: q.rawHeaders, body: Buffer.concat(parts).toString() }));
  });
}`;

before(async () => {
  await weft.start(["up", ...FREE_PORTS]);
  await weft.start(["run", "echo", "--version", "1", "--port", "0", "--", ...app(ECHO)]);
});
after(() => weft.close());

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly body: string;
}

async function echo(args: readonly string[], stdin?: string): Promise<Echo> {
  const { code, stdout, stderr } = await weft.run(["call", ...args], stdin);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Echo;
}

const field = ({ headers }: Echo, name: string): string | undefined => {
  const at = headers.findIndex((text, i) => i % 2 === 0 && text === name);
  return at < 0 ? undefined : headers[at + 1];
};

test("GET by default, POST with a body, another method when told", async () => {
  const plain = await echo(["echo", "/a b?q=ü"]);
  assert.deepEqual([plain.method, plain.url, plain.body], ["GET", "/a%20b?q=%C3%BC", ""]);
  assert.equal(field(plain, "Accept"), "*/*");
  const post = await echo(["echo", "-d", "a=1", "-d", "b=ü"]);
  assert.deepEqual([post.method, post.url, post.body], ["POST", "/", "a=1&b=ü"]);
  assert.equal(field(post, "Content-Type"), "application/x-www-form-urlencoded");
  const put = await echo(["echo", "/x", "-X", "PUT", "-H", "content-type: application/json", "-d", "{}"]);
  assert.deepEqual([put.method, put.body, field(put, "content-type")], ["PUT", "{}", "application/json"]);
});

test("headers keep their case and order; an empty one leaves a default out", async () => {
  const answer = await echo(["echo", "-H", "X-B: 1", "-H", "x-a: 2", "-H", "X-B: 3", "-H", "Accept:"]);
  const own = answer.headers.filter((_, i) => i % 2 === 0 && /^x-[ab]$/i.test(answer.headers[i]!));
  assert.deepEqual(own, ["X-B", "x-a", "X-B"]);
  assert.equal(field(answer, "Accept"), undefined);
});

test("a body comes from a file, or streams from stdin", async () => {
  const file = join(weft.folder, "body.txt");
  writeFileSync(file, "line 1\nline 2\n");
  assert.equal((await echo(["echo", "-d", `@${file}`])).body, "line 1\nline 2\n");
  assert.equal((await echo(["echo", "-d", "@-"], "from stdin")).body, "from stdin");
  const { code, stderr } = await weft.run(["call", "echo", "-d", "@nowhere"]);
  assert.equal(code, 1);
  assert.match(stderr, /nowhere cannot be read/);
});

test("-i and -v show heads, -f gives 22 for a bad status, -s says nothing", async () => {
  const included = await weft.run(["call", "echo", "-i"]);
  assert.match(included.stdout, /^HTTP\/1\.1 200 OK\nX-App: echo\n[\s\S]*\n\n\{/);
  const verbose = await weft.run(["call", "echo", "-v"]);
  assert.match(verbose.stderr, /^> GET \/ HTTP\/1\.1\n> Host: echo\.mesh\n[\s\S]*^< HTTP\/1\.1 200 OK$/m);
  const missing = await weft.run(["call", "echo", "/missing"]);
  assert.deepEqual([missing.code, JSON.parse(missing.stdout).url], [0, "/missing"]);
  const failed = await weft.run(["call", "echo", "/missing", "-f"]);
  assert.deepEqual([failed.code, failed.stdout], [22, ""]);
  assert.match(failed.stderr, /404/);
  assert.equal((await weft.run(["call", "echo", "/missing", "-f", "-s"])).stderr, "");
});

test("who calls is weft-cli, or whom one names", async () => {
  assert.equal(field(await echo(["echo"]), "weft-caller"), "weft-cli");
  assert.equal(field(await echo(["echo", "--as", "tester"]), "weft-caller"), "tester");
});

test("mistakes are told with the cure", async () => {
  const cases: [string[], number, RegExp][] = [
    [["Echo!"], 2, /is not a service\n +give its name/],
    [["echo", "-H", "no colon"], 2, /is not a header\n +write it as/],
    [["echo", "-X", "G ET"], 2, /is not a method/],
    [["echo", "--via", "127.0.0.1:1"], 1, /no sidecar listens on 127\.0\.0\.1:1\n/],
    [["echo", "--state", join(weft.folder, "none")], 1, /no mesh runs from .*\n +start one with weft up/],
  ];
  for (const [args, code, message] of cases) {
    const done = await weft.run(["call", ...args]);
    assert.equal(done.code, code, done.stderr);
    assert.match(done.stderr, message);
  }
});
