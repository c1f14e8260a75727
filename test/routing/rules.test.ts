import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpRoute, HttpRouteRule } from "../../src/resources/http-route.ts";
import { concerns, type Destination, hasRegex, rulesFor } from "../../src/routing/rules.ts";
import { exact, is, like, match, pattern, prefix, regex } from "./asked.ts";

type Parent = HttpRoute["spec"]["parentRefs"][number];

const parent = (part: Partial<Parent> = {}): Parent => ({
  group: "",
  kind: "Service",
  name: "orders",
  ...part,
});
const route = (name: string, rules: HttpRouteRule[], parentRefs = [parent()]): HttpRoute => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name, namespace: "default" },
  spec: { parentRefs, rules },
});
const to = (part: Partial<Destination> = {}): Destination => ({
  ...{ service: "orders", version: undefined, port: 80 },
  ...part,
});

test("a route concerns its parents: a port that it does not name is any, a version has to be called", () => {
  const of = (part: Partial<Parent>) => (destination: Partial<Destination>) =>
    concerns(route("r", [], [parent({ name: "other" }), parent(part)]), to(destination));
  assert.equal(of({})({}), true);
  assert.equal(of({})({ port: 8080 }), true);
  assert.equal(of({})({ service: "other" }), true, "any of its parents");
  assert.equal(of({})({ service: "shop" }), false);
  assert.equal(of({ port: 80 })({}), true);
  assert.equal(of({ port: 80 })({ port: 8080 }), false);
  assert.equal(of({})({ version: "2" }), false, "who names a version has made the choice himself");
  assert.equal(of({ version: "2" })({ version: "2" }), true);
  assert.equal(of({ version: "2" })({}), false);
  assert.equal(of({ version: "2", port: 80 })({ version: "2", port: 8080 }), false);
});

test("rules come in the order of the routes, then as they are written, each match by itself", () => {
  const routes = [
    route("old", [{ matches: [match(), match({ method: "GET" })] }, { name: "named", matches: [match()] }]),
    route("elsewhere", [{ matches: [match()] }], [parent({ name: "shop" })]),
    route("new", [{ matches: [match()] }]),
  ];
  const found = rulesFor(routes, to(), "web");
  assert.deepEqual(
    found.map(({ name, match: { method } }) => [name, method]),
    [
      ["old/1", undefined],
      ["old/1", "GET"],
      ["old/named", undefined],
      ["new/1", undefined],
    ],
  );
  assert.equal(found[2]!.rule, routes[0]!.spec.rules[1]);
});

test("a match on weft-caller is about who calls, and decided before any call", () => {
  const rules = [
    { name: "web", matches: [match({ headers: [is("Weft-Caller", "web")] })] },
    { name: "jobs", matches: [match({ headers: [like("weft-caller", "job-.*")] })] },
    { name: "all", matches: [match({ headers: [is("x", "1")] })] },
  ];
  const forCaller = (caller: string) =>
    rulesFor([route("r", rules)], to(), caller, regex).map(({ name }) => name);
  assert.deepEqual(forCaller("web"), ["r/web", "r/all"]);
  assert.deepEqual(forCaller("job-1"), ["r/jobs", "r/all"]);
  assert.deepEqual(forCaller("my-job-1"), ["r/all"]);
});

test("what a rule matched is told in words", () => {
  const why = (part: object) =>
    rulesFor([route("r", [{ matches: [match(part)] }])], to(), "web", regex)[0]!.why;
  assert.equal(why({}), "PathPrefix /");
  assert.equal(
    why({
      path: exact("/a"),
      method: "GET",
      headers: [is("X-A", "1"), like("x-b", ".*")],
      queryParams: [is("q", "2")],
    }),
    "Exact /a, method GET, header X-A=1, header x-b~.*, query q=2",
  );
});

test("the engine is needed for an expression in the path, a header field or a query parameter", () => {
  assert.equal(
    hasRegex([match({ path: exact("/a"), headers: [is("a", "1")], queryParams: [is("a", "1")] })]),
    false,
  );
  assert.equal(hasRegex([match(), match({ path: pattern("/.*") })]), true);
  assert.equal(hasRegex([match({ headers: [like("a", "1")] })]), true);
  assert.equal(hasRegex([match({ path: prefix("/a"), queryParams: [like("a", "1")] })]), true);
});
