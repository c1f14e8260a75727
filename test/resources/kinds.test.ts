import assert from "node:assert/strict";
import { test } from "node:test";
import { readResource } from "../../src/resources/read.ts";
import { readRule, told } from "./a-route.ts";

test("a kind of the standard that is not carried is refused by its name, and no typo is guessed", () => {
  for (const kind of ["TCPRoute", "UDPRoute", "TLSRoute", "GRPCRoute", "Gateway", "ReferenceGrant"])
    for (const apiVersion of ["gateway.networking.k8s.io/v1alpha2", "gateway.networking.x-k8s.io/v1", ""]) {
      const version = apiVersion === "" ? {} : { apiVersion };
      const read = readResource({ ...version, kind, metadata: { name: "x" } }, 0);
      assert.deepEqual(told(read), ["unsupported kind"], kind);
      assert.match(read.findings[0]!.message, new RegExp(`^${kind} is a kind of the Gateway API`));
      assert.match(read.findings[0]!.cure, /only HTTPRoute .* ServicePolicy/);
    }
  const istio = readResource({ apiVersion: "networking.istio.io/v1", kind: "Gateway", metadata: {} }, 0);
  assert.deepEqual(told(istio), ["unknown-kind kind"]);
});

test("a number beyond all limits is told the limit of its field", () => {
  const weight = (value: number) => readRule({ backendRefs: [{ name: "a", weight: value }] }).findings;
  for (const [value, message] of [
    [1e99, "weight is 1e+99, and at most 1000000 is allowed"],
    [-1e99, "weight is -1e+99, and at least 0 is needed"],
  ] as const)
    assert.deepEqual(
      weight(value).map((one) => one.message),
      [message],
    );
});
