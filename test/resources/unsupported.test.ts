import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpRoute } from "../../src/resources/http-route.ts";
import { readResource } from "../../src/resources/read.ts";
import { aRoute, readRule, told } from "./a-route.ts";

test("a field of the standard that is not carried is refused by its name", () => {
  const rich = aRoute((route) => {
    route.status = { parents: [] };
    route.metadata.creationTimestamp = "2026-11-23T00:00:00Z";
    route.spec.hostnames = ["example.org"];
    route.spec.useDefaultGateways = "All";
    route.spec.parentRefs[0].sectionName = "http";
    route.spec.rules[0].sessionPersistence = {};
  });
  const read = readResource(rich, 0);
  assert.deepEqual(told(read).sort(), [
    "unsupported metadata.creationTimestamp",
    "unsupported spec.hostnames",
    "unsupported spec.parentRefs[0].sectionName",
    "unsupported spec.rules[0].sessionPersistence",
    "unsupported spec.useDefaultGateways",
    "unsupported status",
  ]);
  for (const { message, path, cure } of read.findings) {
    assert.ok(message.startsWith(path.split(".").at(-1)!), message);
    assert.ok(cure.length > 10);
  }
});

test("filters of the standard that are not carried are refused by their type", () => {
  for (const [type, field] of [
    ["CORS", "cors"],
    ["ExtensionRef", "extensionRef"],
    ["ExternalAuth", "externalAuth"],
  ] as const)
    assert.deepEqual(told(readRule({ filters: [{ type, [field]: {} }] })), [
      "unsupported spec.rules[0].filters[0].type",
      `unsupported spec.rules[0].filters[0].${field}`,
    ]);
});

test("a route of a gateway is taken as the standard has it, with host names and without a kind", () => {
  const read = readResource(
    aRoute(({ spec }) => {
      spec.parentRefs = [{ name: "gateway", sectionName: "https" }];
      spec.hostnames = ["shop.example.com", "*.example.com"];
    }),
    0,
  );
  assert.deepEqual(read.findings, []);
  const { spec } = read.resource as HttpRoute;
  const [parent] = spec.parentRefs;
  assert.deepEqual([parent?.kind, parent?.group], ["Gateway", "gateway.networking.k8s.io"]);
  assert.deepEqual(spec.hostnames, ["shop.example.com", "*.example.com"]);
});

test("a parent that is neither service nor gateway, or half of each, is refused, and told how to name one", () => {
  const withParent = (parent: object | undefined, hostnames?: unknown) =>
    readResource(
      aRoute(({ spec }) => {
        if (parent === undefined) delete spec.parentRefs;
        else spec.parentRefs = [parent];
        if (hostnames !== undefined) spec.hostnames = hostnames;
      }),
      0,
    );
  const other = withParent({ kind: "ServiceImport", group: "multicluster.x-k8s.io", name: "a" });
  assert.deepEqual(told(other), ["unsupported spec.parentRefs[0].kind"]);
  assert.match(other.findings[0]?.cure ?? "", /group: "", kind: Service/);
  // Without a group, the standard means its own.
  assert.deepEqual(told(withParent({ kind: "Service", name: "a" })), [
    "unsupported spec.parentRefs[0].group",
  ]);
  assert.deepEqual(told(withParent({ group: "", name: "a" })), ["unsupported spec.parentRefs[0].group"]);
  assert.deepEqual(told(withParent({ name: "gateway", version: "2" })), [
    "invalid-value spec.parentRefs[0].version",
  ]);
  assert.deepEqual(told(withParent(undefined)), ["unsupported spec.parentRefs"]);
  for (const name of ["Shop.example.com", "a.*.com", "*", "10.0.0.1", "shop.example.com:443"])
    assert.deepEqual(
      told(withParent({ name: "gateway" }, [name])),
      ["invalid-value spec.hostnames[0]"],
      name,
    );
});

test("a backend that is no service is refused by its kind", () => {
  const ref = { group: "multicluster.x-k8s.io", kind: "ServiceImport", name: "a" };
  assert.deepEqual(told(readRule({ backendRefs: [ref] })), ["unsupported spec.rules[0].backendRefs[0].kind"]);
  const mirror = { type: "RequestMirror", requestMirror: { backendRef: ref } };
  assert.deepEqual(told(readRule({ filters: [mirror] })), [
    "unsupported spec.rules[0].filters[0].requestMirror.backendRef.kind",
  ]);
});
