import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { PlacedFinding } from "../../src/cli/policy/files/load.ts";
import { Weft } from "./weft.ts";

const weft = new Weft();
after(() => weft.close());

const file = (name: string, text: string | Buffer): string => {
  const path = join(weft.folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return name;
};
const route = (name: string, more = "") => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}}
spec:
  parentRefs: [{group: "", kind: Service, name: orders}]
  rules:
  - backendRefs: [{name: orders, version: "1"}]
${more}`;

test("files that are right have nothing to mend", async () => {
  file("good/b.yml", route("b").replace("kind: Service, name: orders", "kind: Service, name: shop"));
  file("good/a.yaml", route("a"));
  file("good/c.txt", "not looked at: {");
  file("good/below/d.yaml", "kind: Nonsense");
  const { code, stdout, stderr } = await weft.run(["analyze", "good"]);
  assert.deepEqual([code, stdout, stderr], [0, "2 resources: nothing to mend\n", ""]);
  const deep = await weft.run(["analyze", "good", "-R"]);
  assert.deepEqual([deep.code, /d\.yaml:1:\d+: error unknown-kind/.test(deep.stdout)], [1, true]);
});

test("all findings come at once, sorted by file and line, each with its place and its cure", async () => {
  file("z.yaml", `${route("z")}    timeouts: {request: 2 s}\n    retires: 1\n---\nkind: HTTPRout\n`);
  file("bad/a.json", '{"kind": "ServicePolicy",\n "kind": "HTTPRoute"}');
  const { code, stdout } = await weft.run(["analyze", "z.yaml", "bad"]);
  assert.equal(code, 1);
  const blocks = stdout.trimEnd().split(/\n(?! )/);
  const places = blocks
    .slice(0, -1)
    .map((block) => /^(\S+): (\w+ [\w-]+): .+\n {6}\S/.exec(block)?.slice(1, 3));
  assert.deepEqual(places, [
    ["bad/a.json:1:1", "error invalid-value"],
    ["bad/a.json:1:1", "error invalid-value"],
    ["bad/a.json:1:1", "error invalid-value"],
    ["bad/a.json:2:2", "error yaml"],
    ["z.yaml:8:25", "error invalid-value"],
    ["z.yaml:9:5", "error unknown-field"],
    ["z.yaml:11:7", "error unknown-kind"],
  ]);
  assert.match(stdout, /retires.*\(HTTPRoute z spec\.rules\[0\]\.retires\)/);
  assert.equal(blocks.at(-1), "7 errors in 3 resources");
});

test("resources are also judged beside each other, and a warning ends with 1, too", async () => {
  file("one.yaml", route("one"));
  file("two.yaml", route("two"));
  const conflict = await weft.run(["analyze", "one.yaml", "two.yaml"]);
  assert.match(conflict.stdout, /two\.yaml:\d+:\d+: error conflict: .*HTTPRoute one/);
  file("none.yaml", route("none").replace('version: "1"', "weight: 0"));
  const warning = await weft.run(["analyze", "none.yaml"]);
  assert.match(warning.stdout, /none\.yaml:7:\d+: warning no-weight: /);
  assert.deepEqual([warning.code, /^1 warning in 1 resource$/m.test(warning.stdout)], [1, true]);
});

test("a value that is no JSON, a tag, or a key that is there twice hides nothing of the rest", async () => {
  file(
    "values.yaml",
    `${route("values")}    timeouts: {request: 2 s}
    retires: 1
    filters: !mine [{type: RequestMirror, requestMirror: {backendRef: {name: orders}, percent: .nan}}]
    filters: []
---
${route("unknown")}    name: *nothing
`,
  );
  const { stdout } = await weft.run(["analyze", "values.yaml"]);
  const told = stdout.match(/^values\.yaml:\d+:\d+: \w+ [\w-]+/gm);
  assert.deepEqual(told, [
    "values.yaml:8:25: error invalid-value",
    "values.yaml:9:5: error unknown-field",
    "values.yaml:10:14: error yaml",
    "values.yaml:10:96: error yaml",
    "values.yaml:11:5: error yaml",
    "values.yaml:20:11: error yaml",
  ]);
});

test("of what is there twice the other place is told, too", async () => {
  file("twice/a.yaml", `# first\n${route("twice")}`);
  file("twice/b.yaml", `kind: List\nitems:\n- ${route("twice").replaceAll("\n", "\n  ")}\n`);
  const { stdout } = await weft.run(["analyze", "twice"]);
  assert.match(
    stdout,
    /^twice\/b\.yaml:5:\d+: error duplicate: HTTPRoute twice is there twice; the other is twice\/a\.yaml:4:18 /m,
  );
  const json = JSON.parse((await weft.run(["analyze", "twice", "-o", "json"])).stdout);
  assert.deepEqual(json.findings[0].other, {
    ...{ document: 0, path: "metadata.name" },
    ...{ file: "twice/a.yaml", line: 4, column: 18 },
  });
  const conflict = await weft.run(["analyze", "one.yaml", "two.yaml"]);
  assert.match(conflict.stdout, /error conflict: .*; the other is one\.yaml:7:5/);
});

test("programs get JSON, and what is on stdin", async () => {
  const { code, stdout } = await weft.run(["analyze", "-", "-o", "json"], "a: 1\na: 2\n");
  assert.equal(code, 1);
  const { findings } = JSON.parse(stdout) as { findings: PlacedFinding[] };
  const [{ code: what, severity, file: where, line, column }] = findings as [PlacedFinding];
  assert.deepEqual([what, severity, where, line, column], ["yaml", "error", "stdin", 2, 1]);
  assert.equal((await weft.run(["analyze", "-"], route("x"))).code, 0);
});

test("what is too much is refused before it is parsed, with the limit", async () => {
  file("large.yaml", Buffer.alloc(5 << 20, "a: 1\n"));
  const one = await weft.run(["analyze", "large.yaml"]);
  assert.match(one.stdout, /large\.yaml:1:1: error too-large: the file is larger than 1 MiB/);
  for (let i = 0; i < 5; i++) file(`many/${i}.yaml`, Buffer.alloc((1 << 20) - 1, "#"));
  const total = await weft.run(["analyze", "many"]);
  assert.match(total.stderr, /larger than 4 MiB together/);
  file("docs.yaml", "---\na: 1\n".repeat(3000));
  const documents = await weft.run(["analyze", "docs.yaml", "./docs.yaml"]);
  assert.match(documents.stdout, /too-large: with this file there are more than 5000 resources/);
  for (const { code } of [one, total, documents]) assert.equal(code, 1);
});

test("no file can write escape sequences on the terminal", async () => {
  file("escape.yaml", 'kind: "\\e[31m\\u202e"\n');
  const { stdout } = await weft.run(["analyze", "escape.yaml"]);
  assert.doesNotMatch(stdout, /[\u001b\u202e]/);
});

test("a reader who leaves early, as head does, is no fault", async () => {
  for (const args of [["schema"], ["help", "sidecar"]]) {
    const running = await weft.spawn(args);
    running.child.stdout!.destroy();
    const { code, stderr } = await running.done;
    assert.deepEqual([code, stderr], [0, ""]);
  }
});

test("what is not there, or is no policy, is told", async () => {
  mkdirSync(join(weft.folder, "empty"));
  const cases: [string[], number, RegExp][] = [
    [["analyze", "nowhere.yaml"], 1, /nowhere\.yaml cannot be read \(ENOENT\)/],
    [["analyze", "empty"], 1, /holds no \*\.yaml.*\n +.*-R/],
    [["analyze"], 2, /nothing to look at/],
    [["apply"], 2, /nothing to apply\n +.*-f FILE/],
    [["apply", "-f"], 2, /argument missing/],
    [["delete"], 2, /what is to be deleted/],
    [["delete", "route"], 2, /which route is to be deleted/],
    [["delete", "route", "x", "-f", "one.yaml"], 2, /what is to be deleted/],
    [["delete", "gateway", "x"], 2, /no kind "gateway"\n +give route, policy or meshpolicy/],
    [["history", "last"], 2, /a number that weft history lists/],
    [["history", "--diff"], 2, /of which revision/],
    [["get", "routes", "--watch"], 2, /--watch is for services and instances/],
    [["get", "services", "-o", "yaml"], 2, /-o table or -o json/],
    [["apply", "-f", "one.yaml"], 1, /no mesh runs from .*\n +start one with weft up/],
    [["get", "services", "--state", "/nope"], 1, /no mesh runs from the state folder \/nope\n/],
  ];
  const done = await Promise.all(cases.map(([args]) => weft.run(args)));
  for (const [i, { code, stdout, stderr }] of done.entries()) {
    assert.deepEqual([code, stdout], [cases[i]![1], ""], cases[i]![0].join(" "));
    assert.match(stderr, cases[i]![2]);
  }
});

test("the schema is JSON Schema of both kinds, the reference a page", async () => {
  const schema = JSON.parse((await weft.run(["schema"])).stdout) as Record<string, unknown>;
  assert.match(String(schema.$schema), /^https:\/\/json-schema\.org\//);
  assert.match(JSON.stringify(schema), /ServicePolicy/);
  assert.match((await weft.run(["schema", "--reference"])).stdout, /^# [\s\S]*backendRefs/);
});
