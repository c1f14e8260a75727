import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort } from "../../broker/ports.ts";
import { soon, Weft } from "./weft.ts";

/** A registry that answers as a test says; the real one is in policy.test.ts. */
let answer: { status: number; body: string; location?: string } = { status: 200, body: "{}" };
/** Answers wait for this. */
let held: Promise<void> | undefined;
const asked: { request: IncomingMessage; body: string }[] = [];
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", async () => {
    asked.push({ request, body: Buffer.concat(parts).toString() });
    await held;
    const { status, body, location } = answer;
    response.writeHead(status, { "content-type": "application/json", ...(location && { location }) });
    response.end(body);
  });
});
let url = "";
const weft = new Weft();
const TOKEN = "an-admin-token-of-a-test";
const tokenFile = () => join(weft.state, "registry", "admin-token");

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  mkdirSync(join(weft.state, "registry"), { recursive: true, mode: 0o700 });
  writeFileSync(tokenFile(), `${TOKEN}\n`, { mode: 0o600 });
  writeFileSync(join(weft.folder, "a.yaml"), "kind: ServicePolicy\nmetadata:\n  name: a\n");
});
after(async () => {
  server.close();
  await weft.close();
});

const refused = (code: string, message: string) => JSON.stringify({ error: { code, message } });
const APPLY = ["apply", "-f", "a.yaml"];
const run = (args: readonly string[]) => weft.run([...args, "--registry", url]);

test("a change goes to the registry with the token of the state folder, reads without it", async () => {
  answer = { status: 200, body: JSON.stringify({ revision: 3, dryRun: false, changes: [] }) };
  asked.length = 0;
  assert.equal((await run([...APPLY, "--allow-unknown"])).code, 0);
  const { request, body } = asked[0]!;
  assert.equal(request.headers.authorization, `Bearer ${TOKEN}`);
  const { resources, dryRun, allowUnknown, by } = JSON.parse(body);
  assert.deepEqual(resources, [{ kind: "ServicePolicy", metadata: { name: "a" } }]);
  assert.deepEqual([dryRun, allowUnknown, typeof by], [false, true, "string"]);
  answer = { status: 200, body: '{"revisions": []}' };
  assert.equal((await run(["history"])).code, 0);
  assert.equal(asked[1]!.request.headers.authorization, undefined);
});

test("what the registry refuses is told, with the cure; nothing looks like a success", async () => {
  const cases: [status: number, body: string, RegExp][] = [
    [401, refused("unauthorized", "x"), /does not take this admin token\n +.*WEFT_ADMIN_TOKEN/],
    [
      404,
      refused("unknown-route", "there is no POST /v1/policy/apply: see"),
      /knows nothing of policy\n +.*as new/,
    ],
    [404, "<html>", /knows nothing of policy/],
    [400, refused("bad-request", "body is wrong at x"), /answers 400: body is wrong at x\n/],
    [
      503,
      refused("store-away", "the store is away: look at the broker"),
      /503: the store is away\n +look at the broker/,
    ],
    [500, "oops", /answers 500: without a reason\n/],
  ];
  for (const [status, body, message] of cases) {
    answer = { status, body };
    const { code, stdout, stderr } = await run(APPLY);
    assert.deepEqual([code, stdout], [1, ""], body);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, new RegExp(TOKEN));
  }
  answer = { status: 307, body: "", location: "http://127.0.0.1:1/" };
  assert.equal((await run(APPLY)).code, 1);
  answer = { status: 200, body: "not JSON" };
  assert.match((await run(APPLY)).stderr, /without JSON\n/);
});

test("findings of the registry get the place in the file", async () => {
  const finding = { code: "unknown-service", severity: "error", document: 0, path: "metadata.name" };
  const findings = [{ ...finding, resource: "ServicePolicy a", message: "no service a", cure: "start it" }];
  answer = { status: 422, body: JSON.stringify({ error: { code: "refused", message: "no" }, findings }) };
  const { code, stdout, stderr } = await run(APPLY);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.equal(
    stderr,
    "a.yaml:3:9: error unknown-service: no service a (ServicePolicy a metadata.name)\n      start it\n1 error: nothing was applied\n",
  );
  const json = JSON.parse((await run([...APPLY, "-o", "json"])).stdout);
  assert.deepEqual([json.findings[0].file, json.findings[0].line], ["a.yaml", 3]);
});

test("without a token nothing is asked, and no token leaves this machine in plain text", async () => {
  asked.length = 0;
  const stateless = await run([...APPLY, "--state", join(weft.folder, "other")]);
  assert.match(
    stateless.stderr,
    /there is no admin token: .*other\/registry\/admin-token is missing\n +weft up makes it/,
  );
  const elsewhere = await weft.run([...APPLY, "--registry", "http://registry.invalid:4281"]);
  assert.match(elsewhere.stderr, /no admin token for registry\.invalid\n/);
  const given = new Weft({ WEFT_ADMIN_TOKEN: "given" });
  try {
    const file = join(weft.folder, "a.yaml");
    const plain = await given.run(["apply", "-f", file, "--registry", "http://registry.invalid:4281"]);
    assert.match(plain.stderr, /to registry\.invalid in plain text\n +use an address with https/);
    answer = { status: 200, body: JSON.stringify({ revision: 1, dryRun: false, changes: [] }) };
    assert.equal(asked.length, 0);
    assert.equal((await given.run(["apply", "-f", file, "--registry", url])).code, 0);
    assert.equal(asked[0]!.request.headers.authorization, "Bearer given");
  } finally {
    await given.close();
  }
});

test("a registry that is away is told", async () => {
  const away = await weft.run([...APPLY, "--registry", `http://127.0.0.1:${await freePort()}`]);
  assert.equal(away.code, 1);
  assert.match(away.stderr, /does not answer \(ECONNREFUSED\)\n +does weft up still run/);
  assert.equal((await weft.run([...APPLY, "--registry", "nonsense"])).code, 2);
});

test("when a part cannot be read, the registry judges the rest, and nothing is applied", async () => {
  writeFileSync(join(weft.folder, "part.yaml"), "kind: ServicePolicy\nmetadata: {name: lost}\n---\na: [\n");
  const finding = { code: "unknown-service", severity: "error", document: 0, path: "metadata.name" };
  const findings = [{ ...finding, resource: "ServicePolicy lost", message: "no service", cure: "start it" }];
  answer = { status: 422, body: JSON.stringify({ error: { code: "refused", message: "no" }, findings }) };
  asked.length = 0;
  const { code, stderr } = await run(["apply", "-f", "part.yaml", "--allow-unknown"]);
  assert.equal(code, 1);
  assert.match(stderr, /^part\.yaml:2:18: error unknown-service: no service/);
  assert.match(stderr, /\npart\.yaml:\d:\d: error yaml: [\s\S]*\n2 errors: nothing was applied\n$/);
  const { dryRun, allowUnknown, resources } = JSON.parse(asked[0]!.body);
  assert.deepEqual([asked.length, dryRun, allowUnknown, resources.length], [1, true, true, 1]);

  answer = { status: 200, body: JSON.stringify({ findings }) };
  const live = await run(["analyze", "part.yaml", "--live"]);
  assert.match(live.stdout, /unknown-service[\s\S]*\n2 errors in 1 resource\n$/);

  const alone = await weft.run(["apply", "-f", "part.yaml"]);
  assert.match(alone.stderr, /error invalid-value[\s\S]*error yaml/);
  assert.match(
    alone.stderr,
    /: nothing was applied; services and versions were not looked for: no mesh runs from the state folder \S+\n$/,
  );
});

test("who waits for a registry that is slow is told so", async () => {
  answer = { status: 200, body: '{"revisions": []}' };
  let release = () => {};
  held = new Promise((resolve) => {
    release = resolve;
  });
  const running = await weft.spawn(["history", "--registry", url]);
  await soon(() => running.stderr() === `weft: waiting for the registry at ${url}\n`);
  release();
  held = undefined;
  assert.equal((await running.done).code, 0);
});
