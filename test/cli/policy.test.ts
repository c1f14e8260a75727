import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { app, FREE_PORTS, proxyOf, soon, Weft } from "./weft.ts";

const weft = new Weft();
const orders = (version: string) =>
  weft.start([
    ...["run", "orders", "--version", version, "--port", "0"],
    ...["--", ...app(`(q, r) => r.end("v${version}")`)],
  ]);

before(async () => {
  await weft.start(["up", ...FREE_PORTS]);
  await Promise.all([orders("1"), orders("2")]);
});
after(() => weft.close());

const file = (name: string, text: string): string => {
  writeFileSync(join(weft.folder, name), text);
  return name;
};
const route = (first: number, second: number): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: orders}
spec:
  parentRefs: [{group: "", kind: Service, name: orders}]
  rules:
  - name: canary
    matches: [{headers: [{name: x-canary, value: "1"}]}]
    backendRefs: [{name: orders, version: "2"}]
  - backendRefs:
    - {name: orders, version: "1", weight: ${first}}
    - {name: orders, version: "2", weight: ${second}}
`;
const POLICY = `apiVersion: weft.dev/v1
kind: ServicePolicy
metadata: {name: orders}
spec: {timeouts: {request: 5s}}
`;

async function out(args: readonly string[], stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await weft.run(args, stdin);
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
  return stdout;
}

const answers = async (...headers: string[]): Promise<string> =>
  out(["call", "orders", ...headers.flatMap((header) => ["-H", header])]);

test("a dry run changes nothing; what is applied is live, and can be got, edited and applied again", async () => {
  const path = file("orders.yaml", `${route(1, 0)}---\n${POLICY}`);
  const dry = await out(["apply", "-f", path, "--dry-run", "--diff"]);
  assert.match(
    dry,
    /^HTTPRoute orders created \(dry run\)\n--- \/dev\/null\n\+\+\+ HTTPRoute orders\n@@ -0,0 \+1,\d+ @@\n\+apiVersion/,
  );
  assert.match(dry, /\nServicePolicy orders created \(dry run\)\n[\s\S]*\ndry run: nothing was changed\n$/);
  assert.equal(await out(["get", "routes"]), "NAME  SERVICES  RULES  REVISION  AGE\n");

  assert.equal(
    await out(["apply", "-f", path]),
    "HTTPRoute orders created\nServicePolicy orders created\nrevision 1\n",
  );
  await soon(async () => (await answers()) === "v1");
  await soon(async () => (await answers("x-canary: 1")) === "v2");

  assert.match(await out(["get", "routes"]), /^orders +orders +2 +1 +\d+s$/m);
  assert.match(await out(["get", "policies", "orders"]), /^orders +timeouts +1 +\d+s$/m);
  const yaml = await out(["get", "routes", "orders", "-o", "yaml"]);
  assert.match(yaml, /^# revision 1, created 20.*\napiVersion: gateway/);
  assert.equal(
    await out(["apply", "-f", "-"], yaml),
    "HTTPRoute orders unchanged\nrevision 1 stays: nothing is different\n",
  );
  const json = await out(["get", "routes", "-o", "json"]);
  assert.match(await out(["apply", "-f", "-"], json), /^HTTPRoute orders unchanged\n/);
  const list = await out(["apply", "-f", path, "-o", "json"]);
  assert.deepEqual(
    (JSON.parse(list) as { changes: { change: string }[] }).changes.map(({ change }) => change),
    ["unchanged", "unchanged"],
  );
  const [entry] = JSON.parse(await out(["get", "policies", "-o", "json"])) as { revision: number }[];
  assert.equal(entry!.revision, 1);
});

test("a change is shown as a diff, kept in the history, and rolled back", async () => {
  const path = file("split.yaml", route(0, 1));
  const changed = await out(["apply", "-f", path, "--diff"]);
  assert.match(
    changed,
    /^HTTPRoute orders configured\n--- HTTPRoute orders\n[\s\S]*\n- +weight: 1\n\+ +weight: 0\n[\s\S]*\nrevision 2\n$/,
  );
  await soon(async () => (await answers()) === "v2");

  const listed = (await out(["history"])).split("\n");
  assert.match(listed[0]!, /^REVISION +AT +BY +CAUSE +CREATED +CONFIGURED +DELETED$/);
  assert.match(listed[1]!, /^2 +20\S+Z +\S+ +apply +0 +1 +0$/);
  assert.match(listed[2]!, /^1 +20\S+Z +\S+ +apply +2 +0 +0$/);
  assert.match(await out(["history", "2", "--diff"]), /^HTTPRoute orders configured\n[\s\S]*\+ +weight: 0\n/);
  assert.match(await out(["history", "1"]), /^ServicePolicy +orders +1 /m);
  const before = await out(["history", "1", "-o", "yaml"]);
  assert.match(
    await out(["apply", "-f", "-", "--dry-run"], before),
    /^HTTPRoute orders configured \(dry run\)$/m,
  );

  assert.match(await out(["rollback", "--dry-run"]), /^HTTPRoute orders configured \(dry run\)$/m);
  assert.equal(await out(["rollback"]), "HTTPRoute orders configured\nrevision 3\n");
  await soon(async () => (await answers()) === "v1");
  assert.match(await out(["history"]), /^3 .* rollback to 1 +0 +1 +0$/m);
  const gone = await weft.run(["rollback", "99"]);
  assert.deepEqual([gone.code, /99 is not kept.*\n +weft history/.test(gone.stderr)], [1, true]);
  assert.equal((await weft.run(["history", "99"])).code, 1);
});

test("sidecars tell which revision they run", async () => {
  const table = await soon(async () => {
    const text = await out(["get", "sidecars", "orders"]);
    return /behind|none/.test(text) ? undefined : text;
  });
  assert.match(table, /^SERVICE +VERSION +INSTANCE +ROLE +WEFT +POLICY +SEEN\n/);
  assert.match(table, /^orders +1 +[0-9a-f]{12} +instance +\d+\.\S+ +3 +\d+s ago$/m);
  const nobody = await weft.run(["get", "sidecars", "nobody"]);
  assert.deepEqual([nobody.code, /has no sidecar/.test(nobody.stderr)], [1, true]);
});

test("what does not fit the mesh is refused with its place, and analysed with --live", async () => {
  const path = file("wrong.yaml", `# a comment\n${route(1, 1).replace('"1", weight', '"9", weight')}`);
  const { code, stdout, stderr } = await weft.run(["apply", "-f", path]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(
    stderr,
    /^wrong\.yaml:12:31: error unknown-version: .*\n +\S.*\n1 error: nothing was applied\n$/,
  );
  assert.equal((await weft.run(["analyze", path])).code, 0);
  const live = await weft.run(["analyze", path, "--live"]);
  assert.deepEqual([live.code, /wrong\.yaml:12:31: error unknown-version/.test(live.stdout)], [1, true]);
  assert.equal(await out(["analyze", "--live"]), "what is in force: nothing to mend\n");
  const allowed = await weft.run(["apply", "-f", path, "--allow-unknown", "--dry-run"]);
  assert.equal(allowed.code, 0);
  assert.match(allowed.stderr, /warning unknown-version[\s\S]*\n1 warning: would be applied all the same\n$/);
});

test("a call is explained: route, rule, instance, end", async () => {
  const shop = await weft.start(["sidecar", "shop", "--version", "1", "--listen", "0"]);
  const call = ["call", "orders", "-H", "x-canary: 1", "-H", "x-request-id: asked-for-1"];
  await soon(async () => (await out([...call, "--via", proxyOf(shop.ready)])) === "v2");
  const story = await out(["explain", "asked-for-1"]);
  assert.match(story, /^GET \/ of shop to orders, 20/);
  assert.match(story, /route: +HTTPRoute orders\n +rule: +canary\n +why: +\S/);
  assert.match(story, /attempt 1 +instance [0-9a-f]{12} +200 +\S+ ms\n +callee: +orders, instance/);
  assert.match(story, /ended: +200 after/);
  const { accounts } = JSON.parse(await out(["explain", "asked-for-1", "-o", "json"])) as {
    accounts: unknown[];
  };
  assert.equal(accounts.length, 2);
  const unknown = await weft.run(["explain", "never-asked"]);
  assert.match(unknown.stderr, /no sidecar remembers a request "never-asked"\n +give the x-request-id/);
});

test("a wrong token is refused; resources are deleted by name and by file, all or none", async () => {
  const wrong = new Weft({ WEFT_STATE: weft.state, WEFT_ADMIN_TOKEN: "wrong" });
  try {
    const { code, stderr } = await wrong.run(["delete", "route", "orders"]);
    assert.deepEqual([code, /does not take this admin token/.test(stderr)], [1, true]);
  } finally {
    await wrong.close();
  }
  const none = await weft.run(["delete", "route", "orders", "nothing"]);
  assert.equal(none.code, 1);
  assert.match(
    none.stderr,
    /^HTTPRoute nothing: error unknown-resource: .*\n +\S.*\n1 error: nothing was deleted\n$/,
  );
  assert.equal(
    await out(["delete", "route", "orders", "--dry-run"]),
    "HTTPRoute orders deleted (dry run)\ndry run: nothing was changed\n",
  );
  assert.match(
    await out(["delete", "-f", "orders.yaml"]),
    /^HTTPRoute orders deleted\nServicePolicy orders deleted\nrevision \d+\n$/,
  );
  assert.equal(await out(["get", "policies"]), "NAME  SETS  REVISION  AGE\n");
});
