import assert from "node:assert/strict";
import { test } from "node:test";
import { unifiedDiff } from "../../src/cli/policy/diff.ts";

const lines = (...texts: (string | number)[]): string => texts.map((text) => `${text}\n`).join("");

test("a change is shown with three lines around it, as diff -u does", () => {
  const before = lines(..."abcdefghijklmnop");
  const after = lines(..."abXdefghijklmnop", "q");
  assert.deepEqual(unifiedDiff(before, after), [
    ...["@@ -1,6 +1,6 @@", " a", " b", "-c", "+X", " d", " e", " f"],
    ...["@@ -14,3 +14,4 @@", " n", " o", " p", "+q"],
  ]);
});

test("what is new, gone or the same", () => {
  assert.deepEqual(unifiedDiff("", lines("a", "b")), ["@@ -0,0 +1,2 @@", "+a", "+b"]);
  assert.deepEqual(unifiedDiff(lines("a"), ""), ["@@ -1 +0,0 @@", "-a"]);
  assert.deepEqual(unifiedDiff(lines("a"), lines("a")), []);
});

/** Applies a diff to a text, and checks that what it says of the text is so. */
function patched(before: string, diff: readonly string[]): string {
  const old = before.split("\n").slice(0, -1);
  const out: string[] = [];
  let at = 0;
  for (const line of diff) {
    const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@$/.exec(line);
    if (head !== null) {
      const start = Number(head[1]) - (head[2] === "0" ? 0 : 1);
      out.push(...old.slice(at, start));
      at = start;
      assert.equal(out.length, Number(head[3]) - (head[4] === "0" ? 0 : 1), line);
      continue;
    }
    if (line[0] !== "+") assert.equal(old[at++], line.slice(1));
    if (line[0] !== "-") out.push(line.slice(1));
  }
  return lines(...out, ...old.slice(at));
}

test("a diff makes the one text of the other, whatever the two are", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 48_271) % 0x7fffffff;
    return seed % below;
  };
  const text = () => lines(...Array.from({ length: random(30) }, () => "abcde"[random(5)]!));
  for (let round = 0; round < 500; round++) {
    const [before, after] = [text(), text()];
    assert.equal(patched(before, unifiedDiff(before, after)), after);
  }
});

test("two long texts with nothing in common are told apart at once", () => {
  const text = (mark: string) => lines(...Array.from({ length: 20_000 }, (_, i) => mark + i));
  const startedAt = performance.now();
  assert.equal(unifiedDiff(text("a"), text("b")).length, 40_001);
  assert.ok(performance.now() - startedAt < 10_000);
});
