import assert from "node:assert/strict";
import { test } from "node:test";
import { type Loaded, loadOne, type PlacedFinding } from "../../src/cli/policy/files/load.ts";
import { type FindingCode, finding } from "../../src/resources/finding.ts";

const loadText = (text: string | Buffer): Loaded =>
  loadOne({ file: "a.yaml", bytes: Buffer.from(text as string) });
const valuesOf = ({ items, findings }: Loaded): unknown[] => {
  assert.deepEqual(findings, []);
  return items.map(({ value }) => value);
};
const short = ({ code, line, column }: PlacedFinding) => `${line}:${column} ${code}`;

test("YAML 1.2 and JSON are read, every document and every item of a List", () => {
  assert.deepEqual(valuesOf(loadText("# head\n---\na: yes\nb: 0o17\nc: ~\n---\n---\n- 1.5\n...\n")), [
    { a: "yes", b: 15, c: null },
    [1.5],
  ]);
  assert.deepEqual(valuesOf(loadText('{\r\n\t"a": "\\ud83d\\ude00\\/",\r\n\t"b": [\r\n\t\t1\r\n\t]\r\n}')), [
    { a: "😀/", b: [1] },
  ]);
  assert.deepEqual(valuesOf(loadText("\ufeffkind: List\nitems:\n- kind: A\n- kind: B\n")), [
    { kind: "A" },
    { kind: "B" },
  ]);
  assert.deepEqual(valuesOf(loadText("a: &x {b: 1}\nc: *x\n<<: *x\n")), [
    { a: { b: 1 }, c: { b: 1 }, "<<": { b: 1 } },
  ]);
});

test("the list that weft get prints as JSON is read, and each finding has its place in it", () => {
  const { items, findings } = loadText(
    '[{"revision": 1, "resource": {"kind": "A"}},\n {"resource": {"kind": "B"}}]',
  );
  assert.deepEqual([items.map(({ value }) => value), findings], [[{ kind: "A" }, { kind: "B" }], []]);
  const { line, column } = items[1]!.place(finding("invalid-value", { path: "kind" }, "m"));
  assert.deepEqual([line, column], [2, 24]);
  assert.equal(loadText('[{"resource": {}}, {"kind": "A"}]').items.length, 1);
});

test("what is no YAML is a finding with its line and column", () => {
  const cases: [string | Buffer, RegExp, string, read?: unknown[]][] = [
    ["", /no resource/, "1:1 yaml"],
    ["# nothing\n---\n", /no resource/, "1:1 yaml"],
    ["a: 1\nb:\n\tc: 1\n", /tabs are not allowed/, "3:1 yaml"],
    ["a: 1\n\na: 2\n", /"a" is there twice/, "3:1 yaml", [{ a: 1 }]],
    ['a: {b: 1,\n  "b": 2}\n', /"b" is there twice/, "2:3 yaml", [{ a: { b: 1 } }]],
    ["1: a\n'1': b\n", /"1" is there twice/, "2:1 yaml", [{ 1: "a" }]],
    ["a: b: c\n", /nested mappings/i, "1:4 yaml"],
    ['a: "b\n', /missing closing/i, "2:1 yaml"],
    ["a:\n  b: 1\n c: 1\n", /same column/, "3:1 yaml"],
    ["a: !!binary aGk=\n", /unresolved tag/, "1:4 yaml", [{ a: "aGk=" }]],
    ["a: !mine x\n", /unresolved tag/, "1:4 yaml", [{ a: "x" }]],
    ["? [a]\n: 1\n", /scalar|string/i, "1:3 yaml", [{}]],
    ["k: &k x\n*k : 1\n", /scalar|string/i, "2:1 yaml", [{ k: "x" }]],
    ["a: *b\n", /\*b stands for nothing/, "1:4 yaml", [{ a: Number.NaN }]],
    ["a: .inf\n", /no number of JSON/, "1:4 yaml", [{ a: Number.NaN }]],
    ["__proto__: {x: 1}\n", /no name of a field/, "1:1 yaml", [{}]],
    [`${"[".repeat(1 << 19)}`, /nested deeper/, "1:65 yaml"],
    [`${"- ".repeat(1 << 19)}`, /nested deeper/, "1:128 yaml"],
    [Buffer.from([0x61, 0x0a, 0xc3, 0xa9, 0xff]), /not UTF-8/, "2:2 yaml"],
    [Buffer.from("\ufeffa: 1", "utf16le"), /UTF-16/, "1:1 yaml"],
    ["a: b\nc: \0\n", /U\+0000/, "2:4 yaml"],
    ["---\n".repeat(5002), /more than 5000 documents/, "5001:1 too-large"],
    [Buffer.alloc(5 << 20, "a"), /larger than 1 MiB/, "1:1 too-large"],
  ];
  for (const [text, message, place, read = []] of cases) {
    const { items, findings } = loadText(text);
    assert.deepEqual(
      items.map(({ value }) => value),
      read,
      place,
    );
    assert.match(findings[0]!.message, message);
    assert.equal(short(findings[0]!), place, findings[0]!.message);
    assert.ok(findings[0]!.cure.length > 5);
  }
});

test("one bad document spoils no other, and all are told", () => {
  const { items, findings } = loadText("a: 1\n---\nb: 1\nb: 2\nb: 3\n---\nc: [x\n---\nd: 1\n");
  assert.deepEqual(
    [items.map(({ value }) => value), findings.map(short).sort()],
    [
      [{ a: 1 }, { b: 1 }, { d: 1 }],
      ["4:1 yaml", "5:1 yaml", "8:1 yaml"],
    ],
  );
});

test("what could not be read is not told once more as a value that is wrong", () => {
  const { items } = loadText("a: .nan\nb: &b [.inf, 1]\nc: *b\nd: {e: *x}\n");
  const isUnread = (path: string, code: FindingCode = "invalid-value") =>
    items[0]!.isUnread(finding(code, { path }, "m"));
  for (const path of ["a", "a.deeper", "b[0]", "c[0]", "d.e"]) assert.equal(isUnread(path), true, path);
  for (const path of ["", "b", "b[1]", "b[2]", "d", "f"]) assert.equal(isUnread(path), false, path);
  assert.equal(isUnread("a", "unknown-field"), false);
});

test("aliases can make no bomb and no circle", () => {
  const laughs = ["a0: &a0 lol"];
  for (let i = 1; i < 30; i++)
    laughs.push(
      `a${i}: &a${i} [${Array(3)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  const startedAt = performance.now();
  assert.deepEqual(loadText(laughs.join("\n")).findings.map(short), ["12:12 too-many-aliases"]);
  const wide = `a: &a ${"x".repeat(1 << 19)}\nb: [*a, *a,\n *a]\n`;
  assert.deepEqual(loadText(wide).findings.map(short), ["3:2 too-many-aliases"]);
  const many = `a: &a 1\nb: [${"*a,".repeat(101)}]\n`;
  assert.deepEqual(loadText(many).findings.map(short), ["2:305 too-many-aliases"]);
  assert.match(loadText("a: &a\n  b: [*a]\n").findings[0]!.message, /holds it/);
  const distinct = Array.from({ length: 40_000 }, (_, i) => `- &k${i} 1`).join("\n");
  assert.equal(loadText(distinct).findings.length, 0);
  const keys = Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join("\n");
  assert.equal(loadText(keys).findings.length, 0);
  assert.ok(performance.now() - startedAt < 15_000, "nothing here takes quadratic time");
});

test("a finding's path is mapped to the key or value in the text, or to what is nearest to it", () => {
  const text = `kind: List
items:
- kind: A
  spec: &spec
    rules:
    - matches:
      - path: {type: Exact, value: /x}
      name:
        first
  metadata:
    labels: {"a.b/c": 1}
- {kind: B, spec: *spec}
`;
  const { items } = loadText(text);
  const cases: [item: number, path: string, place: string][] = [
    [0, "", "3:3"],
    [0, "spec", "4:3"],
    [0, "spec.rules", "5:5"],
    [0, "spec.rules[0]", "6:7"],
    [0, "spec.rules[0].matches[0].path.value", "7:36"],
    [0, "spec.rules[0].matches[0].path.valeu", "7:9"],
    [0, "spec.rules[0].matches[3].path", "6:7"],
    [0, "spec.rules[0].name", "9:9"],
    [0, "spec.rules[7]", "5:5"],
    [0, 'metadata.labels["a.b/c"]', "11:23"],
    [0, "status.x", "3:3"],
    [1, "spec.rules[0].matches[0].path.type", "7:22"],
    [1, "apiVersion", "12:3"],
  ];
  for (const [item, path, place] of cases) {
    const { line, column } = items[item]!.place(finding("invalid-value", { path }, "m"));
    assert.equal(`${line}:${column}`, place, path);
  }
  const { line, column } = items[0]!.place(
    finding("unknown-field", { path: "spec.rules[0].matches[0].path.value" }, "m"),
  );
  assert.equal(`${line}:${column}`, "7:29", "a field that should not be there is meant itself");
});
