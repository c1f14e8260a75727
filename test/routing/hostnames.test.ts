import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpRoute } from "../../src/resources/http-route.ts";
import { byHostname, Hostnames, hostnameOf } from "../../src/routing/hostnames.ts";
import type { Destination } from "../../src/routing/rules.ts";

type Parent = HttpRoute["spec"]["parentRefs"][number];

const route = (name: string, hostnames?: string[], parent: Partial<Parent> = {}): HttpRoute => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name, namespace: "default" },
  spec: {
    parentRefs: [{ kind: "Gateway", group: "gateway.networking.k8s.io", name: "gateway", ...parent }],
    ...(hostnames === undefined ? {} : { hostnames }),
    rules: [],
  },
});
const at = (hostname = "", listener: "http" | "https" = "https"): Destination => ({
  ...{ service: "gateway", version: undefined, port: 443 },
  gateway: { listener, hostname },
});

test("the host of a request is read without port, last dot and case", () => {
  for (const [host, name] of [
    ["Shop.Example.com", "shop.example.com"],
    ["shop.example.com:8443", "shop.example.com"],
    ["shop.example.com.:443", "shop.example.com"],
    ["[::1]:443", "[::1]"],
    ["[::1]", "[::1]"],
    [":443", ""],
    ["", ""],
  ] as const)
    assert.equal(hostnameOf(host), name);
});

test("an exact name counts before a wildcard, a longer wildcard before a shorter one, and both before none", () => {
  const routes = [
    route("a", ["*.example.com", "shop.example.com"]),
    route("b", ["*.eu.example.com", "*.com"]),
    route("c"),
  ];
  const names = new Hostnames(routes, at());
  for (const [host, found] of [
    ["shop.example.com", "shop.example.com"],
    ["SHOP.example.com:443", "shop.example.com"],
    ["www.example.com", "*.example.com"],
    ["a.b.example.com", "*.example.com"],
    ["a.eu.example.com", "*.eu.example.com"],
    ["eu.example.com", "*.example.com"],
    ["example.com", "*.com"],
    ["com", ""],
    ["example.org", ""],
    ["orders.mesh", ""],
    ["10.0.0.1", ""],
  ] as const)
    assert.equal(names.find(host), found, host);
  const parts = (hostname: string) =>
    byHostname(routes, at(hostname)).map((part) => part.map(({ metadata }) => metadata.name).join());
  assert.deepEqual(parts("shop.example.com"), ["a", "a", "b", "c"]);
  assert.deepEqual(parts("*.eu.example.com"), ["b", "a", "b", "c"]);
  assert.deepEqual(parts(""), ["c"]);
});

test("a host that no route names is found nowhere, and neither is one that is far too long", () => {
  const names = new Hostnames([route("a", ["*.example.com"])], at());
  assert.equal(names.find("example.com"), undefined, "a wildcard is one label or more, never none");
  assert.equal(names.find("shop.example.com.evil.org"), undefined);
  assert.equal(names.find("evilexample.com"), undefined);
  assert.equal(names.find(`${"a.".repeat(8000)}example.com`), undefined);
});

test("only routes that are attached to the gateway's listener count", () => {
  const routes = [
    route("other", ["a.example.com"], { name: "intern" }),
    route("service", ["b.example.com"], { kind: "Service", group: "" }),
    route("plain", ["c.example.com"], { sectionName: "http" }),
    route("port", ["d.example.com"], { port: 8443 }),
  ];
  const found = (listener: "http" | "https") =>
    ["a", "b", "c", "d"].map((name) => new Hostnames(routes, at("", listener)).find(`${name}.example.com`));
  assert.deepEqual(found("https"), [undefined, undefined, undefined, undefined]);
  assert.deepEqual(found("http"), [undefined, undefined, "c.example.com", undefined]);
});

test("for a service, host names part nothing", () => {
  const routes = [route("a", ["x.example.com"]), route("b")];
  assert.deepEqual(byHostname(routes, { service: "orders", version: undefined, port: 80 }), [routes]);
});
