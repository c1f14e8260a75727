import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, exact, index, match, pattern, prefix, regex } from "./asked.ts";

const takes = (path: ReturnType<typeof exact>, target: string): boolean =>
  index({ it: match({ path }) }).find(asked(target)) === "it";

test("a prefix ends where an element of the path does, and a slash at its end makes no difference", () => {
  for (const path of [prefix("/abc"), prefix("/abc/")]) {
    for (const target of ["/abc", "/abc/", "/abc/def", "/abc/def/", "/abc//", "/abc?q", "/abc/?q=/abcd"])
      assert.equal(takes(path, target), true, `${path.value} ${target}`);
    for (const target of ["/abcd", "/ab", "/", "/x/abc", "/ABC", "//abc", "/abcd/abc", "/%61bc", "*"])
      assert.equal(takes(path, target), false, `${path.value} ${target}`);
  }
});

test("a slash as prefix takes every request, also the one for the server as a whole", () => {
  for (const target of ["/", "//", "/a", "/a/b?c", "*"])
    assert.equal(takes(prefix("/"), target), true, target);
  assert.equal(takes(exact("/"), "*"), false);
  assert.equal(takes(pattern("/.*"), "*"), false);
});

test("an exact path is the whole path without the query, as it was written", () => {
  for (const target of ["/a/b", "/a/b?", "/a/b?x=/a/c"])
    assert.equal(takes(exact("/a/b"), target), true, target);
  for (const target of ["/a/b/", "/a", "/A/b", "/a/%62", "/a//b", "/a/./b"])
    assert.equal(takes(exact("/a/b"), target), false, target);
});

test("a regular expression must match the whole path, and nothing of the query", () => {
  assert.equal(takes(pattern("/v[0-9]+"), "/v12?x"), true);
  for (const target of ["/v", "/v12/", "/x/v12", "/v12x"])
    assert.equal(takes(pattern("/v[0-9]+"), target), false, target);
  assert.equal(takes(pattern("/a|/ab"), "/ab"), true, "each alternative is tried on the whole path");
  assert.equal(takes(pattern("^/a$"), "/a"), true);
  assert.equal(takes(pattern("(?i)/a"), "/A"), true);
});

test("the engine is RE2's: what it could not do in linear time it does not do at all", () => {
  assert.equal(regex("(a)\\1")("aa"), false, "a back-reference");
  assert.equal(regex("a(?=b)b")("ab"), false, "a look-ahead");
  assert.equal(regex("(?<=a)b")("b"), false, "a look-behind");
});

test("an expression that V8 would never finish is answered at once", () => {
  const text = `${"a".repeat(2000)}!`;
  for (const value of ["(a+)+b", "(a*)*b", "(a|a)*b", "(a|aa)+b", "(.*.*)*b", "a*a*a*a*a*b"])
    assert.equal(regex(value)(text), false, value);
});

test("a path of ten thousand slashes costs no more look-ups than the longest prefix has characters", (t) => {
  const deep = index({ deep: match({ path: prefix("/a/b/c") }), root: match() });
  const slashes = "/".repeat(10_000);
  assert.equal(deep.find(asked(slashes)), "root");
  assert.equal(deep.find(asked(`/a/b/c${slashes}`)), "deep");
  const slices = t.mock.method(String.prototype, "slice");
  deep.find(asked(slashes));
  slices.mock.restore();
  assert.ok(slices.mock.callCount() <= "/a/b/c".length, `${slices.mock.callCount()} look-ups`);
});
