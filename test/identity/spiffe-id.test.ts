import assert from "node:assert/strict";
import { test } from "node:test";
import { holderIn, spiffeId } from "../../src/identity/keys/spiffe-id.ts";

test("a holder is read back from the name its certificate was given", () => {
  const instance = { kind: "instance", service: "orders", instance: "a1" } as const;
  const part = { kind: "part", part: "admin" } as const;
  for (const holder of [instance, part])
    assert.deepEqual(holderIn("mesh", `URI:${spiffeId("mesh", holder)}`), holder);
});

test("a certificate speaks for nobody unless it has exactly one name, of this mesh, in this form", () => {
  const names = [
    undefined,
    "",
    "DNS:orders",
    "URI:spiffe://other/svc/orders/a1",
    "URI:spiffe://mesh/svc/orders",
    "URI:spiffe://mesh/svc/orders/a1/more",
    "URI:spiffe://mesh/svc/orders/a.1",
    "URI:spiffe://mesh/part/admin/more",
    "URI:spiffe://mesh/part/",
    "URI:spiffe://mesh/other/orders/a1",
    "URI:spiffe://mesh/svc/orders/a1, URI:spiffe://mesh/part/admin",
    'URI:"spiffe://mesh/part/admin"',
  ];
  for (const name of names) assert.equal(holderIn("mesh", name), undefined, name);
});
