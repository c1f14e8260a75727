import assert from "node:assert/strict";
import { test } from "node:test";
import type { RequestMatch } from "../../src/resources/match.ts";
import { MatchIndex } from "../../src/routing/match-index.ts";
import { asked, exact, index, is, like, match, pattern, prefix, regex } from "./asked.ts";

/** Both take the request; the first must win, whichever is written first. */
const wins = (better: RequestMatch, worse: RequestMatch, request = asked("/a/b?q=1&r=2", EVERYTHING)) => {
  for (const entries of [
    { better, worse },
    { worse, better },
  ])
    assert.equal(index(entries).find(request), "better");
  assert.equal(index({ worse }).find(request), "worse", "the other would take it");
};
const EVERYTHING = { method: "GET", headers: "A: 1\r\nB: 2\r\nC: 3\r\n" };

const busy = {
  method: "GET",
  headers: [is("a", "1"), is("b", "2"), is("c", "3")],
  queryParams: [is("q", "1"), is("r", "2")],
} as const;

test("an exact path wins over everything else", () => {
  wins(match({ path: exact("/a/b") }), match({ ...busy, path: prefix("/a/b") }));
  wins(match({ path: exact("/a/b") }), match({ ...busy, path: pattern("/a/b") }));
});

test("a regular expression wins over every prefix", () => {
  wins(match({ path: pattern("/.*") }), match({ ...busy, path: prefix("/a/b") }));
});

test("of regular expressions the longest wins, and of two that are as long the one that asks for more", () => {
  wins(match({ path: pattern("/a/[ab]") }), match({ ...busy, path: pattern("/.*") }));
  wins(match({ path: pattern("/a/."), method: "GET" }), match({ path: pattern("/./b") }));
  wins(match({ path: pattern("/a/."), headers: [is("a", "1")] }), match({ path: pattern("/./b") }));
});

test("the prefix with the most characters wins, whatever the others ask for", () => {
  wins(match({ path: prefix("/a/b") }), match({ ...busy, path: prefix("/a") }));
  wins(match({ path: prefix("/a") }), match({ ...busy, path: prefix("/") }));
});

test("with equal paths a method wins over any number of header fields", () => {
  wins(match({ method: "GET" }), match({ headers: busy.headers, queryParams: busy.queryParams }));
});

test("then more header fields win over any number of query parameters", () => {
  wins(match({ headers: busy.headers.slice(0, 2) }), match({ headers: [is("a", "1")] }));
  wins(match({ headers: [is("a", "1")] }), match({ queryParams: busy.queryParams }));
});

test("then more query parameters win", () => {
  wins(match({ queryParams: busy.queryParams }), match({ queryParams: [is("q", "1")] }));
  wins(match({ queryParams: [is("q", "1")] }), match());
});

test("what is left is decided by the order in which the entries are given", () => {
  for (const part of [
    { path: exact("/a/b") },
    { path: prefix("/a") },
    { path: pattern("/a/.") },
    { method: "GET" as const },
    { headers: [like("a", ".")] },
    { queryParams: [is("q", "1")] },
  ])
    assert.equal(
      index({ older: match(part), newer: match(part) }).find(asked("/a/b?q=1", EVERYTHING)),
      "older",
    );
});

test("who is better and does not take the request hides nobody", () => {
  const entries = {
    exact: match({ path: exact("/a/b"), method: "POST" }),
    pattern: match({ path: pattern("/a/.*"), headers: [is("a", "2")] }),
    "long prefix": match({ path: prefix("/a/b"), queryParams: [is("q", "2")] }),
    "short prefix": match({ path: prefix("/a"), method: "GET" }),
  };
  const find = (target: string, how = {}) => index(entries).find(asked(target, how));
  assert.equal(find("/a/b"), "short prefix");
  assert.equal(find("/a/b?q=2"), "long prefix");
  assert.equal(find("/a/b?q=2", { headers: "A: 2\r\n" }), "pattern");
  assert.equal(find("/a/b?q=2", { method: "POST", headers: "A: 2\r\n" }), "exact");
  assert.equal(find("/a", { method: "POST" }), undefined);
});

test("an expression that several entries have is asked once for each request", () => {
  let asks = 0;
  const counting = (value: string) => {
    const compiled = regex(value);
    return (text: string) => {
      asks++;
      return compiled(text);
    };
  };
  const paths = Array.from({ length: 100 }, (_, i) => [match({ path: pattern("/x.*") }), i] as const);
  assert.equal(new MatchIndex(paths, counting).find(asked("/a")), undefined);
  assert.equal(asks, 1);
});
