import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRule } from "../../../sidecar/outbound/compile.ts";
import { stepsOf } from "../../../sidecar/outbound/filters.ts";
import { policyOfRule } from "../../../sidecar/outbound/rule-policy.ts";
import { wholeBody } from "../../../sidecar/stack/body.ts";
import type { Filter } from "../../../src/resources/filter.ts";
import { rulesFor } from "../../../src/routing/rules.ts";
import { LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { aRoute, orders, scene } from "./scene.ts";

/** What the backend gets of a request, or the answer that it gets instead. */
async function through(rule: object, target: string, headers = "Host: orders.mesh\r\n") {
  const { parts, sent } = scene();
  const [found] = rulesFor([aRoute([rule])], orders, "shop");
  const call = aCall({ path: target, headers, body: new LiveBody("part") });
  const outcome = await compileRule(
    policyOfRule(found!, orders, undefined, "shop", undefined),
    "orders",
    parts,
  )(call);
  assert.ok(outcome.kind === "replied");
  return { sent: sent[0], outcome, body: call.head.body as LiveBody };
}

const rewrite = (urlRewrite: object) => ({ type: "URLRewrite", urlRewrite });
const prefixTo = (replacePrefixMatch: string) => ({
  path: { type: "ReplacePrefixMatch", replacePrefixMatch },
});
const fullTo = (replaceFullPath: string) => ({ path: { type: "ReplaceFullPath", replaceFullPath } });
const matches = [{ path: { type: "PathPrefix", value: "/foo" } }];
const to = (...filters: object[]) => [{ name: "orders", version: "2", filters }];

test("a rewrite changes path and host as the app behind reads them, and keeps the query", async () => {
  const filters = [rewrite({ hostname: "inner.example", ...prefixTo("/xyz") })];
  const { sent } = await through({ matches, filters, backendRefs: to() }, "/foo/bar?a=/foo&b");
  assert.equal(sent!.path, "/xyz/bar?a=/foo&b");
  assert.match(sent!.head.headers, /^Host: inner\.example\r\n/);
  assert.equal(sent!.head.path, "/foo/bar?a=/foo&b", "what the caller wrote is still known");
});

test("a backend's rewrite counts instead of its rule's: both are of the path that was matched", async () => {
  const filters = [rewrite(prefixTo("/a/much/longer/path"))];
  const of = async (backend: object) =>
    (await through({ matches, filters, backendRefs: to(rewrite(backend)) }, "/foo/bar?q")).sent!.path;
  assert.equal(await of(prefixTo("/xyz")), "/xyz/bar?q");
  assert.equal(await of(fullTo("/new")), "/new?q");
  assert.equal(await of({ hostname: "inner.example" }), "/a/much/longer/path/bar?q");
});

test("a request about the server as a whole is not rewritten", async () => {
  const filters = [rewrite(fullTo("/new"))];
  assert.equal((await through({ filters, backendRefs: to() }, "*")).sent!.path, "*");
});

const redirect = (requestRedirect: object) => ({ type: "RequestRedirect", requestRedirect });

test("a redirect answers at once: nothing is called, and the rest of the request is let go", async () => {
  const { sent, outcome, body } = await through(
    { matches, filters: [redirect({ ...prefixTo("/xyz"), statusCode: 301 })] },
    "/foo/bar?q=1",
  );
  assert.equal(sent, undefined);
  assert.deepEqual([outcome.status, outcome.reason], [301, "Moved Permanently"]);
  assert.equal(outcome.headers, "location: http://orders.mesh/xyz/bar?q=1\r\ncontent-length: 0\r\n");
  assert.equal(body.abandoned, "cancelled");
});

test("a redirect has the status that is written, 302 when none is", async () => {
  for (const statusCode of [301, 302, 303, 307, 308])
    assert.equal((await through({ filters: [redirect({ statusCode })] }, "/a")).outcome.status, statusCode);
  assert.equal((await through({ filters: [redirect({ port: 81 })] }, "/a")).outcome.status, 302);
});

test("a redirect keeps the host and the port that the client wrote", async () => {
  const location = async (headers: string, to = {}) => {
    const { outcome } = await through({ filters: [redirect(to)] }, "/a", headers);
    return /^location: (.*)\r$/m.exec(outcome.headers)?.[1];
  };
  assert.equal(await location("Host: Orders.mesh:8080\r\n"), "http://Orders.mesh:8080/a");
  assert.equal(await location("Host: orders.mesh:80\r\n"), "http://orders.mesh/a");
  assert.equal(await location("Host: orders.mesh:\r\n"), "http://orders.mesh/a");
  assert.equal(await location("Host: orders.mesh:\r\n", { port: 81 }), "http://orders.mesh:81/a");
  assert.equal(await location("Host: [::1]:15001\r\n"), "http://[::1]:15001/a");
  assert.equal(await location("Host: [::1]\r\n"), "http://[::1]/a");
  assert.equal(await location("Host: orders.mesh:8080\r\n", { scheme: "https" }), "https://orders.mesh/a");
  assert.equal(await location("Host: x:8080\r\n", { hostname: "example.org" }), "http://example.org:8080/a");
  assert.equal(await location(""), "http://orders.mesh/a", "HTTP/1.0 needs no host");
});

test("a backend may redirect its share", async () => {
  const backendRefs = to(redirect(prefixTo("/moved")));
  const { outcome, sent } = await through(
    { matches, filters: [rewrite(prefixTo("/a/much/longer/path"))], backendRefs },
    "/foo/bar",
  );
  assert.equal(sent, undefined);
  assert.match(
    outcome.headers,
    /^location: http:\/\/orders\.mesh\/moved\/bar\r$/m,
    "from where the client was",
  );
});

test("a rule's changes to answers are made to its redirects, too", async () => {
  const filters = [
    redirect({ hostname: "example.org" }),
    {
      type: "ResponseHeaderModifier",
      responseHeaderModifier: { set: [{ name: "cache-control", value: "no-store" }] },
    },
  ];
  assert.match((await through({ filters }, "/")).outcome.headers, /^cache-control: no-store\r$/m);
});

test("what a rule sets or removes in a head does not come as a trailer, either way", () => {
  const modifier = {
    set: [{ name: "x-set", value: "1" }],
    remove: ["x-gone"],
    add: [{ name: "x-more", value: "1" }],
  };
  const { requestChanges, responseOwned } = stepsOf(
    [
      { type: "RequestHeaderModifier", requestHeaderModifier: modifier },
      { type: "ResponseHeaderModifier", responseHeaderModifier: modifier },
    ] as Filter[],
    "/",
    orders,
  );
  const trailers = "X-Set: 2\r\nX_Gone: 2\r\nx-gone: 2\r\nx-more: 2\r\n";
  const call = aCall({ body: wholeBody(Buffer.from("a"), "until-end", trailers) });
  for (const change of requestChanges) change(call);
  assert.equal(call.head.body.trailers, "x-more: 2\r\n");
  assert.deepEqual(responseOwned, ["x-set", "x-gone"]);
});

test("the share of a mirror is a percentage or a fraction; left out, it is everything", () => {
  const percentOf = (part: object) =>
    stepsOf(
      [{ type: "RequestMirror", requestMirror: { backendRef: { name: "audit" }, ...part } } as Filter],
      "/",
      orders,
    ).mirrors;
  assert.deepEqual(percentOf({}), [{ callee: "audit", target: { kind: "any" }, percent: 100 }]);
  assert.equal(percentOf({ percent: 0 })[0]!.percent, 0);
  assert.equal(percentOf({ percent: 42 })[0]!.percent, 42);
  assert.equal(percentOf({ fraction: { numerator: 1, denominator: 1000 } })[0]!.percent, 0.1);
  assert.equal(percentOf({ fraction: { numerator: 3, denominator: 3 } })[0]!.percent, 100);
});
