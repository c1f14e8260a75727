import assert from "node:assert/strict";
import { test } from "node:test";
import { readResource } from "../../src/resources/read.ts";
import { authorizationOf, meshOf, meshWith, policyWith } from "../access/scene.ts";
import { told } from "./a-route.ts";

const AT = "spec.authorization";
const written = (authorization: object) => told(readResource(policyWith(authorization), 0));
const ofRule = (rule: object) => written({ rules: [{ name: "it", ...rule }] });

test("an authorization is read with its defaults", () => {
  assert.deepEqual(authorizationOf({ rules: [{ name: "it", to: [{ paths: [{}] }] }] }), {
    mode: "enforce",
    rules: [
      { name: "it", action: "allow", mode: "enforce", to: [{ paths: [{ type: "PathPrefix", value: "/" }] }] },
    ],
  });
  assert.deepEqual(authorizationOf({ default: "deny" }), { mode: "enforce", default: "deny", rules: [] });
  assert.deepEqual(meshOf({ default: "deny" }), { default: "deny", mode: "enforce" });
});

test("an unknown field is an error with its place", () => {
  for (const [rule, finding] of [
    [{ form: {} }, "unknown-field spec.authorization.rules[0].form"],
    [{ from: { service: ["a"] } }, "unknown-field spec.authorization.rules[0].from.service"],
    [{ to: [{ method: "GET" }] }, "unknown-field spec.authorization.rules[0].to[0].method"],
    [{ to: [{ paths: [{ path: "/" }] }] }, "unknown-field spec.authorization.rules[0].to[0].paths[0].path"],
    [{ claims: [{ name: "a", value: "b" }] }, "unknown-field spec.authorization.rules[0].claims[0].value"],
  ] as const)
    assert.ok(ofRule(rule).includes(finding), `${finding} of ${ofRule(rule)}`);
  assert.deepEqual(written({ rule: [] }), [`unknown-field ${AT}.rule`]);
  assert.deepEqual(told(readResource(meshWith({ default: "deny", rules: [] }), 0)), [
    `unknown-field ${AT}.rules`,
  ]);
});

test("values that mean nothing, or something else than they seem to, are refused", () => {
  const at = `invalid-value ${AT}.rules[0]`;
  for (const [rule, finding] of [
    [{ name: "No Name" }, `${at}.name`],
    [{ action: "audit" }, `${at}.action`],
    [{ mode: "off" }, `${at}.mode`],
    [{ from: { services: [] } }, `${at}.from.services`],
    [{ from: { services: ["*"] } }, `${at}.from.services[0]`],
    [{ from: { services: ["registry"] } }, `${at}.from.services[0]`],
    [{ to: [] }, `${at}.to`],
    [{ to: [{}] }, `${at}.to[0]`],
    [{ to: [{ methods: ["get"] }] }, `${at}.to[0].methods[0]`],
    [{ to: [{ methods: ["*"] }] }, `${at}.to[0].methods[0]`],
    [{ to: [{ paths: [{ value: "admin" }] }] }, `${at}.to[0].paths[0].value`],
    [{ to: [{ paths: [{ value: "/a//b" }] }] }, `${at}.to[0].paths[0].value`],
    [{ to: [{ paths: [{ type: "RegularExpression", value: "(" }] }] }, `${at}.to[0].paths[0].value`],
    [{ to: [{ headers: [{ type: "RegularExpression", name: "a", value: "a{" }] }] }, undefined],
    [
      { to: [{ headers: [{ type: "RegularExpression", name: "a", value: "(?=a)" }] }] },
      `${at}.to[0].headers[0].value`,
    ],
    [{ to: [{ headers: [{ name: "weft-caller", value: "a" }] }] }, `${at}.to[0].headers[0].name`],
    [{ to: [{ headers: [{ name: "Weft_Caller", value: "a" }] }] }, `${at}.to[0].headers[0].name`],
    [
      {
        to: [
          {
            headers: [
              { name: "a", value: "1" },
              { name: "A", value: "2" },
            ],
          },
        ],
      },
      `${at}.to[0].headers[1].name`,
    ],
    [{ claims: [{ name: "a[" }] }, `${at}.claims[0].name`],
    [{ claims: [{ name: "a", values: [] }] }, `${at}.claims[0].values`],
  ] as const)
    assert.deepEqual(ofRule(rule), finding === undefined ? [] : [finding], JSON.stringify(rule));
  const twice = { rules: [{ name: "a" }, { name: "a" }] };
  assert.deepEqual(written(twice), [`invalid-value ${AT}.rules[1].name`]);
});

test("the policy of the mesh has one name, and a default in shadow is one that denies", () => {
  const named = { ...meshWith({ default: "deny" }), metadata: { name: "other" } };
  assert.deepEqual(told(readResource(named, 0)), ["invalid-value metadata.name"]);
  const shadow = meshWith({ default: "allow", mode: "shadow" });
  assert.deepEqual(told(readResource(shadow, 0)), [`invalid-value ${AT}.mode`]);
  assert.deepEqual(told(readResource(meshWith({}), 0)), [`invalid-value ${AT}.default`]);
});
