import assert from "node:assert/strict";
import { test } from "node:test";
import { pathSteps, pathText } from "../../src/resources/path.ts";
import { nearest } from "../../src/resources/words.ts";

test("a path is written as people do, and read back to the same steps", () => {
  for (const [steps, text] of [
    [[], ""],
    [["spec", "rules", 0, "matches", 12, "path", "value"], "spec.rules[0].matches[12].path.value"],
    [["metadata", "labels", "a.b/c"], 'metadata.labels["a.b/c"]'],
    [["metadata", "labels", 'q"[0].\\'], 'metadata.labels["q\\"[0].\\\\"]'],
    [[0, "a", ""], '[0].a[""]'],
  ] as const) {
    assert.equal(pathText(steps), text);
    assert.deepEqual(pathSteps(text), steps);
  }
});

test("the field that was meant is offered when it is near", () => {
  const fields = ["backendRefs", "matches", "timeouts", "filters"];
  assert.equal(nearest("backendrefs", fields), "backendRefs");
  assert.equal(nearest("backend_refs", fields), "backendRefs");
  assert.equal(nearest("valeu", ["value", "name"]), "value", "two letters that are swapped are one mistake");
  assert.equal(nearest("9", ["1", "2"]), undefined, "any letter is one edit from any other");
  assert.equal(nearest("match", fields), "matches");
  assert.equal(nearest("backend", fields), "backendRefs");
  assert.equal(nearest("path", fields), undefined);
  assert.equal(nearest("matchs", fields), "matches");
  assert.equal(nearest("timeout", fields), "timeouts");
  assert.equal(nearest("colour", fields), undefined);
  assert.equal(nearest("", fields), undefined);
});
