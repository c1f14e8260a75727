import assert from "node:assert/strict";
import { test } from "node:test";
import type { RequestMatch } from "../../src/resources/match.ts";
import { MatchIndex } from "../../src/routing/match-index.ts";
import { asked, index, is, like, match } from "./asked.ts";

const takes = (part: Partial<RequestMatch>, target: string, how = {}): boolean =>
  index({ it: match(part) }).find(asked(target, how)) === "it";
const header = (match: ReturnType<typeof is>, headers: string): boolean =>
  takes({ headers: [match] }, "/", { headers });
const query = (match: ReturnType<typeof is>, target: string): boolean =>
  takes({ queryParams: [match] }, target);

test("the name of a header field counts in any case, its value only as it is", () => {
  assert.equal(header(is("X-Canary", "Yes"), "x-cANARY:  Yes \r\n"), true);
  assert.equal(header(is("x-canary", "Yes"), "X-Canary: yes\r\n"), false);
  assert.equal(header(is("x-canary", "Yes"), "X-Canary: Yes please\r\n"), false);
  assert.equal(header(is("x-canary", "Yes"), "X-Canary-2: Yes\r\n"), false);
  assert.equal(header(like("x-canary", "Y.*"), "X-Canary: Yes\r\n"), true);
  assert.equal(header(like("x-canary", "Y"), "X-Canary: Yes\r\n"), false);
});

test("a field that is not there matches nothing, not even an expression for nothing", () => {
  assert.equal(header(like("x-canary", ".*"), "A: 1\r\n"), false);
  assert.equal(header(like("x-canary", ".*"), "X-Canary:\r\n"), true);
});

test("a field on several lines is one list", () => {
  const lines = "Accept: a\r\nB: c\r\naccept: d\r\n";
  assert.equal(header(is("accept", "a, d"), lines), true);
  assert.equal(header(is("accept", "a"), lines), false);
  assert.equal(header(like("accept", "(.*, )?d(, .*)?"), lines), true);
});

test("of entries for the same field only the first counts, and all others must hold", () => {
  const headers = "A: 1\r\nB: 2\r\n";
  assert.equal(takes({ headers: [is("a", "1"), is("A", "9"), is("b", "2")] }, "/", { headers }), true);
  assert.equal(takes({ headers: [is("a", "9"), is("A", "1")] }, "/", { headers }), false);
  assert.equal(takes({ headers: [is("a", "1"), is("b", "9")] }, "/", { headers }), false);
  assert.equal(takes({ queryParams: [is("a", "1"), is("a", "9"), is("A", "2")] }, "/?a=1&A=2"), true);
});

test("a query parameter is compared after decoding, by its first value, and its name keeps its case", () => {
  assert.equal(query(is("animal", "whale"), "/?animal=whale&other=1"), true);
  assert.equal(query(is("animal", "whale"), "/?ANIMAL=whale"), false);
  assert.equal(query(is("animal", "whale"), "/?animal=Whale"), false);
  assert.equal(query(is("animal", "whale"), "/?animal=whaledolphin"), false);
  assert.equal(query(is("animal", "blue whale"), "/?animal=blue+whale"), true);
  assert.equal(query(is("animal", "blue whale"), "/?a%6eimal=blue%20whale"), true);
  assert.equal(query(is("animal", "a&b=c"), "/?animal=a%26b%3Dc"), true);
  assert.equal(query(is("animal", "wal"), "/?animal=wal&animal=whale"), true);
  assert.equal(query(is("animal", "whale"), "/?animal=wal&animal=whale"), false);
  assert.equal(query(like("animal", "wh?ale?"), "/?animal=wal"), true);
  assert.equal(query(is("animal", "é"), "/?animal=%C3%A9"), true);
});

test("a parameter that is not there matches nothing; one without a value is empty", () => {
  assert.equal(query(like("animal", ".*"), "/"), false);
  assert.equal(query(like("animal", ".*"), "/?"), false);
  assert.equal(query(like("animal", ".*"), "/?other"), false);
  assert.equal(query(like("animal", ".*"), "/?animal"), true);
});

test("a question mark at the start of the query belongs to the first name", () => {
  assert.equal(query(is("a", "1"), "/??a=1"), false);
  assert.equal(query(is("a", "1"), "/??b=2&a=1"), true);
});

test("a method is compared as it is, in capitals", () => {
  assert.equal(takes({ method: "GET" }, "/"), true);
  assert.equal(takes({ method: "GET" }, "/", { method: "get" }), false);
  assert.equal(takes({ method: "GET" }, "/", { method: "HEAD" }), false);
});

test("who needs an engine for expressions and got none is told, when the entries are given", () => {
  const entry = [match({ headers: [like("a", ".")] }), 1] as const;
  assert.throws(() => new MatchIndex([entry]), /needs the engine/);
});
