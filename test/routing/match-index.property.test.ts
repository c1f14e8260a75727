import assert from "node:assert/strict";
import { test } from "node:test";
import type { RequestMatch } from "../../src/resources/match.ts";
import type { Asked } from "../../src/routing/asked.ts";
import { MatchIndex } from "../../src/routing/match-index.ts";
import { oneOf, seeded } from "../support/random.ts";
import { asked, exact, is, like, pattern, prefix, regex } from "./asked.ts";

/** The specification, read word for word: all entries that take the request, sorted; no table, no index. */
function byTheBook(entries: readonly RequestMatch[], request: Asked): number | undefined {
  const taking = entries.map((entry, i) => ({ entry, i })).filter(({ entry }) => takes(entry, request));
  taking.sort((a, b) => compare(rank(a.entry), rank(b.entry)) || a.i - b.i);
  return taking[0]?.i;
}

function rank({ path, method, headers = [], queryParams = [] }: RequestMatch): number[] {
  const types = ["Exact", "RegularExpression", "PathPrefix"];
  const length = path.type === "PathPrefix" ? elementsOf(path.value).join("/").length : path.value.length;
  return [
    -types.indexOf(path.type),
    ...(path.type === "Exact" ? [0] : [length]),
    ...[method === undefined ? 0 : 1, headers.length, queryParams.length],
  ];
}

const compare = (a: number[], b: number[]): number =>
  a.map((value, i) => b[i]! - value).find((difference) => difference !== 0) ?? 0;

/** The labels of a path between slashes; a slash at the end adds none. */
const elementsOf = (path: string): string[] => path.replace(/\/$/, "").split("/");

function takes({ path, method, headers = [], queryParams = [] }: RequestMatch, request: Asked): boolean {
  const query = new URLSearchParams(request.query);
  return (
    takesPath(path, request.path) &&
    (method === undefined || method === request.method) &&
    headers.every((one) => takesText(one, request.header(one.name.toLowerCase()))) &&
    queryParams.every((one) => takesText(one, query.get(one.name) ?? undefined))
  );
}

function takesPath({ type, value }: RequestMatch["path"], path: string): boolean {
  if (type === "Exact") return path === value;
  if (type === "RegularExpression") return new RegExp(`^(?:${value})$`).test(path);
  const wanted = elementsOf(value);
  return wanted.every((label, i) => path.split("/")[i] === label);
}

const takesText = ({ type, value }: { type: string; value: string }, text: string | undefined): boolean =>
  text !== undefined && (type === "Exact" ? text === value : new RegExp(`^(?:${value})$`).test(text));

const LABELS = ["a", "b", "ab", "abc"];
const PATTERNS = ["/a", "/a.*", "/.*", "/[ab]/.*", "/(a|ab)(/b)*", "/.b?"];

function anEntry(random: () => number): RequestMatch {
  const maybe = (share: number) => random() < share;
  const path = `/${Array.from({ length: Math.floor(random() * 4) }, () => oneOf(random, LABELS)).join("/")}`;
  const slash = path !== "/" && maybe(0.3) ? "/" : "";
  const kind = random();
  const named = () => [
    ...(maybe(0.5) ? [maybe(0.5) ? is("x", oneOf(random, ["1", "2"])) : like("x", "[12]")] : []),
    ...(maybe(0.3) ? [is("y", "1")] : []),
  ];
  return {
    path:
      kind < 0.3
        ? exact(path + slash)
        : kind < 0.45
          ? pattern(oneOf(random, PATTERNS))
          : prefix(path + slash),
    ...(maybe(0.3) ? { method: oneOf(random, ["GET", "POST"] as const) } : {}),
    ...(maybe(0.4) ? { headers: named() } : {}),
    ...(maybe(0.4) ? { queryParams: named() } : {}),
  };
}

function aRequest(random: () => number): Asked {
  const labels = Array.from({ length: Math.floor(random() * 5) }, () => oneOf(random, [...LABELS, ""]));
  const query = oneOf(random, ["", "?x=1", "?y=1&x=2", "?x=3"]);
  const headers = oneOf(random, ["", "X: 1\r\n", "x: 2\r\nY: 1\r\n", "y: 1\r\n"]);
  return asked(`/${labels.join("/")}${query}`, { method: oneOf(random, ["GET", "POST", "PUT"]), headers });
}

test("the index finds what a reader of the specification would, in thousands of random rule sets", () => {
  const random = seeded(42);
  let found = 0;
  for (let set = 0; set < 600; set++) {
    const entries = Array.from({ length: 1 + Math.floor(random() * 12) }, () => anEntry(random));
    const index = new MatchIndex(
      entries.map((entry, i) => [entry, i] as const),
      regex,
    );
    for (let i = 0; i < 10; i++) {
      const request = aRequest(random);
      const expected = byTheBook(entries, request);
      if (expected !== undefined) found++;
      assert.equal(
        index.find(request),
        expected,
        `set ${set}: ${JSON.stringify({ request, x: request.header("x"), y: request.header("y"), entries })}`,
      );
    }
  }
  assert.ok(found > 2000 && found < 5800, `${found} of 6000 requests were taken: both sides are tested`);
});
