import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpRoute } from "../../src/resources/http-route.ts";
import { keyOf, resourceKey } from "../../src/resources/key.ts";
import { readResource } from "../../src/resources/read.ts";
import { aPolicy, aRoute, readRule, told } from "./a-route.ts";

test("a route is read with all defaults of the standard in it", () => {
  const { resource, findings } = readResource(aRoute(), 0);
  assert.deepEqual(findings, []);
  assert.deepEqual(resource, {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "orders", namespace: "default" },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: "orders" }],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/v2" } }],
          backendRefs: [{ name: "orders", version: "2", weight: 1 }],
        },
      ],
    },
  });
});

test("what is written nowhere means every request, once rules or matches are left out or empty", () => {
  const everything = [{ path: { type: "PathPrefix", value: "/" } }];
  const without = readResource(
    aRoute(({ spec }) => {
      delete spec.rules;
    }),
    0,
  );
  assert.deepEqual((without.resource as HttpRoute).spec.rules, [{ matches: everything }]);
  for (const rule of [{}, { matches: [] }, { matches: [{}] }])
    assert.deepEqual((readRule(rule).resource as HttpRoute).spec.rules, [{ matches: everything }]);
});

test("defaults of matches, redirects and shares are those of the standard", () => {
  const { resource } = readRule({
    matches: [{ headers: [{ name: "x-a", value: "1" }], queryParams: [{ name: "q", value: "1" }] }],
    filters: [
      { type: "RequestRedirect", requestRedirect: { hostname: "example.org" } },
      {
        type: "RequestMirror",
        requestMirror: { backendRef: { name: "copy" }, fraction: { numerator: 1 } },
      },
    ],
  });
  const [rule] = (resource as HttpRoute).spec.rules;
  assert.equal(rule?.matches[0]?.headers?.[0]?.type, "Exact");
  assert.equal(rule?.matches[0]?.queryParams?.[0]?.type, "Exact");
  const [redirect, mirror] = rule?.filters ?? [];
  assert.ok(redirect?.type === "RequestRedirect" && redirect.requestRedirect.statusCode === 302);
  assert.ok(mirror?.type === "RequestMirror" && mirror.requestMirror.fraction?.denominator === 100);
});

test("v1beta1 is read as v1, to which it is equal", () => {
  const beta = aRoute((route) => {
    route.apiVersion = "gateway.networking.k8s.io/v1beta1";
  });
  assert.deepEqual(readResource(beta, 0), readResource(aRoute(), 0));
});

test("what is read is frozen to the bottom, and what was given is left alone", () => {
  const given = aRoute();
  const before = structuredClone(given);
  const { resource } = readResource(given, 0);
  assert.deepEqual(given, before);
  const { rules } = (resource as HttpRoute).spec;
  for (const part of [resource, rules, rules[0]?.matches[0]?.path, rules[0]?.backendRefs?.[0]])
    assert.ok(Object.isFrozen(part));
  given.spec.rules[0].matches[0].path.value = "/changed";
  assert.equal(rules[0]?.matches[0]?.path.value, "/v2");
});

test("what was read is read again as the same", () => {
  const { resource } = readResource(aRoute(), 0);
  assert.deepEqual(readResource(JSON.parse(JSON.stringify(resource)), 0).resource, resource);
});

test("a policy is read with every field it has", () => {
  const spec = {
    timeouts: { request: "5s", backendRequest: "1s" },
    sticky: { cookie: "session" },
    faults: [{ delay: { percent: 0.5, duration: "1h" }, abort: { percent: 100, status: 599 } }],
  };
  const { resource, findings } = readResource(aPolicy(spec), 0);
  assert.deepEqual(findings, []);
  assert.deepEqual(resource?.spec, {
    ...spec,
    faults: [{ ...spec.faults[0], matches: [{ path: { type: "PathPrefix", value: "/" } }] }],
  });
  for (const sticky of [{ header: "x-user" }, { caller: true }])
    assert.deepEqual(told(readResource(aPolicy({ sticky }), 0)), []);
});

test("a resource has one key, with the namespace that it is in", () => {
  const { resource } = readResource(aRoute(), 0);
  assert.ok(resource);
  assert.equal(keyOf(resource), "HTTPRoute/default/orders");
  assert.equal(resourceKey("ServicePolicy", "orders", "shop"), "ServicePolicy/shop/orders");
});

test("all findings come at once, each with its place, what was found and what to write", () => {
  const spoilt = aRoute(({ metadata, spec }) => {
    metadata.name = "Orders!";
    spec.hostnames = ["example.org"];
    spec.rules[0].backendRefs[0] = { name: "orders", version: 2, weight: -1 };
    spec.rules[0].backendRef = [];
    spec.rules[0].filters = [
      { type: "URLRewrite", urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "x" } } },
    ];
    spec.rules[0].matches.push({ method: "get" });
  });
  const read = readResource(spoilt, 3);
  assert.equal(read.resource, undefined);
  assert.deepEqual(told(read).sort(), [
    "invalid-value metadata.name",
    "invalid-value spec.rules[0].backendRefs[0].version",
    "invalid-value spec.rules[0].backendRefs[0].weight",
    "invalid-value spec.rules[0].filters[0].urlRewrite.path.replacePrefixMatch",
    "invalid-value spec.rules[0].filters[0].urlRewrite.path.type",
    "invalid-value spec.rules[0].matches[1].method",
    "unknown-field spec.rules[0].backendRef",
    "unsupported spec.hostnames",
  ]);
  for (const one of read.findings) {
    assert.equal(one.document, 3);
    assert.equal(one.resource, "HTTPRoute Orders!");
    assert.equal(one.severity, "error");
  }
  const version = read.findings.find(({ path }) => path.endsWith("version"));
  assert.equal(version?.message, "version must be text, and is 2");
  assert.match(version.cure, /in quotes when it is a number/);
  const field = read.findings.find(({ code }) => code === "unknown-field");
  assert.equal(field?.cure, "did you mean backendRefs?");
});

test("a document that is no resource is told what would be one", () => {
  for (const value of [null, "text", 7, [], {}])
    assert.deepEqual(told(readResource(value, 0)), ["unknown-kind"]);
  const near = readResource({ ...aRoute(), kind: "HttpRoutes" }, 0);
  assert.deepEqual(told(near), ["unknown-kind kind"]);
  assert.equal(near.findings[0]?.cure, "did you mean HTTPRoute?");
  assert.match(readResource({ ...aRoute(), kind: "TCPRout" }, 0).findings[0]?.cure ?? "", /kind: HTTPRoute/);
});

test("another apiVersion of a kind that is read is refused", () => {
  const later = { ...aRoute(), apiVersion: "gateway.networking.k8s.io/v2" };
  assert.deepEqual(told(readResource(later, 0)), ["invalid-value apiVersion"]);
});
