import assert from "node:assert/strict";
import { test } from "node:test";
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

test("a route of a gateway is refused, once for each parent, and told how to name a service", () => {
  const withParent = (parent: object | undefined) =>
    readResource(
      aRoute(({ spec }) => {
        if (parent === undefined) delete spec.parentRefs;
        else spec.parentRefs = [parent];
      }),
      0,
    );
  const at = ["unsupported spec.parentRefs[0].kind"];
  const gateway = withParent({ name: "gw" });
  assert.deepEqual(told(gateway), at);
  assert.match(gateway.findings[0]?.message ?? "", /kind is missing, which means Gateway/);
  assert.match(gateway.findings[0]?.cure ?? "", /group: "", kind: Service/);
  assert.deepEqual(told(withParent({ kind: "Gateway", name: "gw" })), at);
  assert.deepEqual(
    told(withParent({ kind: "ServiceImport", group: "multicluster.x-k8s.io", name: "a" })),
    at,
  );
  // Without a group, the standard means its own.
  assert.deepEqual(told(withParent({ kind: "Service", name: "a" })), [
    "unsupported spec.parentRefs[0].group",
  ]);
  assert.deepEqual(told(withParent(undefined)), ["unsupported spec.parentRefs"]);
});

test("a backend that is no service is refused by its kind", () => {
  const ref = { group: "multicluster.x-k8s.io", kind: "ServiceImport", name: "a" };
  assert.deepEqual(told(readRule({ backendRefs: [ref] })), ["unsupported spec.rules[0].backendRefs[0].kind"]);
  const mirror = { type: "RequestMirror", requestMirror: { backendRef: ref } };
  assert.deepEqual(told(readRule({ filters: [mirror] })), [
    "unsupported spec.rules[0].filters[0].requestMirror.backendRef.kind",
  ]);
});
