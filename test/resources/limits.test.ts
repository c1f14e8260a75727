import assert from "node:assert/strict";
import { test } from "node:test";
import { readResource } from "../../src/resources/read.ts";
import { aPolicy, aRoute, checkRules, match, path, times, told } from "./a-route.ts";

test("paths have the syntax of the standard", () => {
  const at = "invalid-value matches[0].path.value";
  checkRules([
    [path("/a/b-._~!$&'()*+,;=:@%2A")],
    [path("/", "Exact")],
    [path("/a/")],
    [path("a"), at],
    [path(""), at],
    [path("/a//b"), at],
    [path("/a/./b"), at],
    [path("/a/../b"), at],
    [path("/a/.."), at],
    [path("/a/."), at],
    [path("/a%2fb"), at],
    [path("/a%2Fb", "Exact"), at],
    [path("/a#b"), at],
    [path("/a?b"), at],
    [path("/a b"), at],
    [path("/ä"), at],
    [path("/%zz"), at],
    [path(`/${"a".repeat(1023)}`)],
    [path(`/${"a".repeat(1024)}`), at],
    [path("/a", "Prefix"), "invalid-value matches[0].path.type"],
  ]);
});

test("regular expressions are of RE2, which cannot hang, and of a bounded size", () => {
  const at = "matches[0].path.value";
  checkRules([
    [path("/v[0-9]+/(a|b)", "RegularExpression")],
    [path("(a+)+$", "RegularExpression")],
    [path("/a(", "RegularExpression"), `invalid-value ${at}`],
    [path("/(?=a)", "RegularExpression"), `invalid-value ${at}`],
    [path("/(a)\\1", "RegularExpression"), `invalid-value ${at}`],
    [path("/.{1000}.{1000}", "RegularExpression"), `too-large ${at}`],
    [
      match({ headers: [{ name: "a", type: "RegularExpression", value: "[" }] }),
      "invalid-value matches[0].headers[0].value",
    ],
    [
      match({ queryParams: [{ name: "a", type: "RegularExpression", value: "*" }] }),
      "invalid-value matches[0].queryParams[0].value",
    ],
  ]);
  const fault = {
    matches: [{ path: { type: "RegularExpression", value: "(" } }],
    abort: { percent: 1, status: 503 },
  };
  assert.deepEqual(told(readResource(aPolicy({ faults: [fault] }), 0)), [
    "invalid-value spec.faults[0].matches[0].path.value",
  ]);
});

test("matches are counted, and name a field once", () => {
  const one = (i: number) => ({ name: `x-${i}`, value: "1" });
  checkRules([
    [{ matches: times(64, () => ({})) }],
    [{ matches: times(65, () => ({})) }, "invalid-value matches"],
    [match({ headers: times(16, one) })],
    [match({ headers: times(17, one) }), "invalid-value matches[0].headers"],
    [match({ queryParams: times(17, one) }), "invalid-value matches[0].queryParams"],
    [
      match({
        headers: [
          { name: "X-A", value: "1" },
          { name: "x-a", value: "2" },
        ],
      }),
      "invalid-value matches[0].headers[1].name",
    ],
    [
      match({
        queryParams: [
          { name: "A", value: "1" },
          { name: "a", value: "2" },
        ],
      }),
    ],
    [
      match({
        queryParams: [
          { name: "a", value: "1" },
          { name: "a", value: "2" },
        ],
      }),
      "invalid-value matches[0].queryParams[1].name",
    ],
    [
      match({ headers: [{ name: "a b", value: "" }] }),
      "invalid-value matches[0].headers[0].name",
      "invalid-value matches[0].headers[0].value",
    ],
    [match({ method: "CONNECT" })],
    [match({ method: "PURGE" }), "invalid-value matches[0].method"],
  ]);
  const spread = (counts: number[]) =>
    told(
      readResource(
        aRoute(({ spec }) => {
          spec.rules = counts.map((count) => ({ matches: times(count, () => ({})) }));
        }),
        0,
      ),
    );
  assert.deepEqual(spread([64, 64]), []);
  assert.deepEqual(spread([64, 64, 1]), ["invalid-value spec.rules"]);
  assert.deepEqual(spread(times(17, () => 1) as number[]), ["invalid-value spec.rules"]);
});

test("timeouts are durations of GEP-2257, and an attempt has no more time than the call", () => {
  const at = "invalid-value timeouts";
  checkRules([
    [{ timeouts: { request: "1h30m", backendRequest: "90m" } }],
    [{ timeouts: { request: "0s", backendRequest: "10s" } }],
    [{ timeouts: { request: "1s", backendRequest: "0s" } }],
    [{ timeouts: { request: "1s", backendRequest: "1001ms" } }, `${at}.backendRequest`],
    [{ timeouts: { request: "1.5s" } }, `${at}.request`],
    [{ timeouts: { request: 5 } }, `${at}.request`],
    [{ timeouts: { request: "100000s" } }, `${at}.request`],
    [{ timeouts: { request: "1s1s1s1s1s" } }, `${at}.request`],
  ]);
});

test("backends are services of the mesh, by weight", () => {
  checkRules([
    [{ backendRefs: [{ group: "", kind: "Service", name: "a", namespace: "shop", port: 80, weight: 0 }] }],
    [{ backendRefs: [{ name: "a", weight: 1_000_001 }] }, "invalid-value backendRefs[0].weight"],
    [{ backendRefs: [{ name: "a", weight: 0.5 }] }, "invalid-value backendRefs[0].weight"],
    [{ backendRefs: [{ name: "A.b" }] }, "invalid-value backendRefs[0].name"],
    [{ backendRefs: [{ name: "registry" }] }, "invalid-value backendRefs[0].name"],
    [{ backendRefs: [{ name: "a", version: "1.2.0" }] }, "invalid-value backendRefs[0].version"],
    [{ backendRefs: times(17, () => ({ name: "a" })) }, "invalid-value backendRefs"],
  ]);
});

test("references to one parent differ by port or version", () => {
  const parent = { group: "", kind: "Service", name: "orders" };
  const parents = (...more: object[]) =>
    told(
      readResource(
        aRoute(({ spec }) => {
          spec.parentRefs = more.map((one) => ({ ...parent, ...one }));
        }),
        0,
      ),
    );
  assert.deepEqual(parents({ port: 80 }, { port: 81 }), []);
  assert.deepEqual(parents({ version: "1" }, { version: "2" }), []);
  assert.deepEqual(parents({}, {}), ["invalid-value spec.parentRefs[1]"]);
  assert.deepEqual(parents({ port: 80 }, { port: 80 }), ["invalid-value spec.parentRefs[1]"]);
  assert.deepEqual(parents({}, { port: 80 }), ["invalid-value spec.parentRefs[1]"]);
  assert.deepEqual(parents(), ["invalid-value spec.parentRefs"]);
});

test("names of rules are unique", () => {
  const named = aRoute(({ spec }) => {
    spec.rules = [{ name: "one" }, { name: "two" }, { name: "one" }];
  });
  assert.deepEqual(told(readResource(named, 0)), ["invalid-value spec.rules[2].name"]);
});

test("a policy is bounded in the same way", () => {
  const policy = (spec: unknown) => told(readResource(aPolicy(spec), 0));
  assert.deepEqual(policy({}), []);
  assert.deepEqual(policy({ sticky: {} }), ["invalid-value spec.sticky"]);
  assert.deepEqual(policy({ sticky: { header: "a", caller: true } }), ["invalid-value spec.sticky"]);
  assert.deepEqual(policy({ sticky: { caller: false } }), ["invalid-value spec.sticky.caller"]);
  assert.deepEqual(policy({ faults: [{}] }), ["invalid-value spec.faults[0]"]);
  assert.deepEqual(
    policy({ faults: [{ delay: { percent: 101, duration: "61m" }, abort: { percent: -1, status: 200 } }] }),
    [
      "invalid-value spec.faults[0].delay.percent",
      "invalid-value spec.faults[0].delay.duration",
      "invalid-value spec.faults[0].abort.percent",
      "invalid-value spec.faults[0].abort.status",
    ],
  );
  assert.deepEqual(policy({ retries: {} }), ["unknown-field spec.retries"]);
  const reserved = { ...aPolicy({}), metadata: { name: "admin" } };
  assert.deepEqual(told(readResource(reserved, 0)), ["invalid-value metadata.name"]);
});
