import assert from "node:assert/strict";
import { test } from "node:test";
import { meshWith, policyWith } from "../access/scene.ts";
import { tell } from "./analyse-scene.ts";
import { shop } from "./editor-scene.ts";

const rules = "spec.authorization.rules";
const path = (value: string, type = "PathPrefix") => ({ paths: [{ type, value }] });
const ofShop = { services: ["web", "orders"] };
const byRules = (...written: object[]) => tell([policyWith({ rules: written })]);

test("nothing is said of an authorization that says something", async () => {
  assert.deepEqual(
    await byRules(
      { name: "no-admin", action: "deny", to: [path("/admin")] },
      { name: "shop", from: ofShop, to: [path("/"), { methods: ["OPTIONS"] }] },
      { name: "others", to: [path("/public")] },
    ),
    [],
  );
  assert.deepEqual(await tell([policyWith({ default: "deny" })]), []);
  assert.deepEqual(await tell([policyWith({ default: "allow" }), meshWith({ default: "deny" })]), []);
});

test("a rule that another one hides is told", async () => {
  const deny = { name: "deny", action: "deny" };
  const allow = { name: "allow" };
  const hidden = `shadowed 0 ${rules}[1]`;
  for (const [first, second, findings] of [
    [{ ...deny, to: [path("/a")] }, { ...allow, to: [path("/a/b"), path("/a", "Exact")] }, [hidden]],
    [{ ...deny, to: [path("/a")] }, { ...allow, to: [path("/ab")] }, []],
    [{ ...deny, from: ofShop }, { ...allow, from: { services: ["web"] } }, [hidden]],
    [{ ...deny, from: ofShop }, { ...allow, from: { services: ["web", "stock"] } }, []],
    [{ ...deny, from: ofShop }, allow, []],
    [deny, { ...allow, from: ofShop, to: [path("/x")] }, [hidden]],
    [{ ...deny, mode: "shadow" }, allow, []],
    [
      { ...allow, to: [{ methods: ["GET", "POST"] }] },
      { ...allow, name: "b", to: [{ methods: ["GET"], ...path("/x") }] },
      [hidden],
    ],
    [
      { ...allow, to: [{ methods: ["GET"] }] },
      { ...allow, name: "b", to: [{ methods: ["GET", "POST"] }] },
      [],
    ],
    [
      { ...allow, to: [{ ...path("/"), headers: [{ name: "a", value: "1" }] }] },
      { ...allow, name: "b", to: [path("/")] },
      [],
    ],
    [{ ...allow, to: [path("/a")] }, { ...deny, to: [path("/a")] }, [`shadowed 0 ${rules}[0]`]],
  ] as const)
    assert.deepEqual(await byRules(first, second), findings, JSON.stringify([first, second]));
});

test("what changes nothing is told", async () => {
  const allow = { name: "it", from: ofShop };
  const deny = { ...allow, action: "deny" };
  for (const [authorization, findings] of [
    [{}, ["no-effect 0 spec.authorization"]],
    [{ default: "allow", rules: [allow] }, [`no-effect 0 ${rules}[0]`]],
    [{ default: "allow", rules: [deny] }, []],
    [{ default: "deny", rules: [deny] }, [`no-effect 0 ${rules}[0]`]],
    [{ default: "deny", rules: [allow] }, []],
    [{ mode: "shadow", rules: [{ ...allow, mode: "shadow" }] }, [`no-effect 0 ${rules}[0].mode`]],
    [{ rules: [{ ...allow, claims: [{ name: "sub" }] }] }, [`no-effect 0 ${rules}[0].claims`]],
    [{ rules: [{ ...allow, to: [path("/a;b")] }] }, [`no-effect 0 ${rules}[0].to[0].paths[0].value`]],
    [{ rules: [{ ...allow, to: [path("/%61")] }] }, [`no-effect 0 ${rules}[0].to[0].paths[0].value`]],
  ] as const)
    assert.deepEqual(await tell([policyWith(authorization)]), findings, JSON.stringify(authorization));
  assert.deepEqual(await tell([{ ...meshWith({}), spec: {} }]), ["no-effect 0 spec"]);
});

test("a caller that was never seen is told as any other service that a policy names", async () => {
  const policy = policyWith({ rules: [{ name: "it", from: { services: ["web", "wbe", "a-caller"] } }] });
  const found = await tell([{ ...policy, metadata: { name: "orders" } }], shop);
  assert.deepEqual(found, [`unknown-service 0 ${rules}[0].from.services[1]`]);
});

test("there is one policy of the mesh, whatever its namespace", async () => {
  const mesh = meshWith({ default: "deny" });
  const other = { ...mesh, metadata: { name: "mesh", namespace: "team" } };
  assert.deepEqual(await tell([mesh, other]), ["conflict 1 metadata.namespace"]);
});
