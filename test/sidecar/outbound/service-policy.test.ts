import assert from "node:assert/strict";
import { test } from "node:test";
import { faultsOf } from "../../../sidecar/outbound/faults.ts";
import { policyOfRule, policyWithoutRoute } from "../../../sidecar/outbound/rule-policy.ts";
import { keyOf } from "../../../sidecar/outbound/sticky.ts";
import { rulesFor } from "../../../src/routing/rules.ts";
import { loadRegexEngine } from "../../../src/routing/text-match.ts";
import { aCall } from "../../support/calls.ts";
import { aPolicy, aRoute, orders } from "./scene.ts";

const timesOf = (timeouts: object | undefined, policy?: object) => {
  const [found] = rulesFor([aRoute([{ ...(timeouts && { timeouts }) }])], orders, "shop");
  const { requestMs, attemptMs } = policyOfRule(found!, orders, policy && aPolicy(policy), "shop", undefined);
  return [requestMs, attemptMs];
};

test("times are those of the rule, else those of the service, else nothing is said", () => {
  const policy = { timeouts: { request: "5s", backendRequest: "1s" } };
  assert.deepEqual(timesOf(undefined), [undefined, undefined]);
  assert.deepEqual(timesOf(undefined, policy), [5000, 1000]);
  assert.deepEqual(timesOf({ request: "2s" }, policy), [2000, 1000], "one by one");
  assert.deepEqual(timesOf({ backendRequest: "1m30s" }, policy), [5000, 90_000]);
  assert.deepEqual(timesOf({ request: "0s", backendRequest: "0s" }, policy), [
    Number.POSITIVE_INFINITY,
    undefined,
  ]);
});

test("a call that no route is about has the policy of its service, and goes where its caller said", () => {
  const policy = aPolicy({ timeouts: { request: "5s" }, faults: [{ abort: { percent: 1, status: 500 } }] });
  const rule = policyWithoutRoute(policy, "shop", undefined);
  assert.deepEqual([rule.requestMs, rule.attemptMs, rule.faults.length], [5000, undefined, 1]);
  assert.deepEqual(
    rule.backends.map(({ aim, weight }) => [aim, weight]),
    [[undefined, 1]],
  );
});

test("backends are called by service and version", () => {
  const backendRefs = [{ name: "orders", version: "2", weight: 0 }, { name: "pay" }];
  const [found] = rulesFor([aRoute([{ backendRefs }])], orders, "shop");
  const { backends } = policyOfRule(found!, orders, undefined, "shop", undefined);
  assert.deepEqual(
    backends.map(({ name, weight, aim }) => [name, weight, aim]),
    [
      ["orders v2", 0, { callee: "orders", target: { kind: "version", version: "2" } }],
      ["pay", 1, { callee: "pay", target: { kind: "any" } }],
    ],
  );
});

const regex = await loadRegexEngine();
const abort = { percent: 10, status: 500 };
const faults = (caller: string, ...written: object[]) =>
  faultsOf(aPolicy({ faults: written }).spec.faults!, caller, regex);

test("a fault is about the calls that one of its matches takes, as the caller wrote them", () => {
  const matches = [
    { path: { type: "Exact", value: "/a" }, method: "POST" },
    { headers: [{ name: "X-Test", value: "1" }] },
    { queryParams: [{ name: "fail", value: "y.*", type: "RegularExpression" }] },
  ];
  const [fault] = faults("shop", { matches, abort, delay: { percent: 0.5, duration: "1m" } });
  assert.deepEqual([fault!.abort, fault!.delay], [abort, { percent: 0.5, ms: 60_000 }]);
  const isAbout = (head: object) => fault!.concerns!(aCall(head));
  assert.equal(isAbout({ path: "/a?x", method: "POST" }), true);
  assert.equal(isAbout({ path: "/a" }), false);
  assert.equal(isAbout({ headers: "Host: a\r\nx-test: 1\r\n" }), true);
  assert.equal(isAbout({ path: "/b?fail=yes" }), true);
  const rewritten = aCall({ path: "/b" });
  rewritten.path = "/b?fail=yes";
  assert.equal(fault!.concerns!(rewritten), false);
});

test("a fault without conditions is about every call, and is asked for none", () => {
  assert.equal(faults("shop", { abort })[0]!.concerns, undefined);
  assert.equal(faults("shop", { matches: [{ method: "GET" }, {}], abort })[0]!.concerns, undefined);
});

test("a fault for other callers is not there at all, one for this caller asks nothing more", () => {
  const matches = [{ headers: [{ name: "weft-caller", value: "shop" }] }];
  assert.equal(faults("shop", { matches, abort })[0]!.concerns, undefined);
  assert.deepEqual(faults("web", { matches, abort }), []);
  assert.equal(faults("web", { matches, abort }, { abort }).length, 1);
});

test("what calls have in common is a header field, a cookie, or their caller", () => {
  const call = aCall({ headers: "X-User: ann \r\nCookie: a=1; session=xyz\r\n" });
  assert.equal(keyOf({ header: "x-USER" }, "shop")(call), "ann");
  assert.equal(keyOf({ cookie: "session" }, "shop")(call), "xyz");
  assert.equal(keyOf({ caller: true }, "shop")(call), "shop");
  assert.equal(keyOf({ header: "x-none" }, "shop")(call), undefined);
  assert.equal(keyOf({ cookie: "Session" }, "shop")(call), undefined);
});

test("the share of new traces that is sampled is that of the route or rule, else of the service, else nothing is said", () => {
  const [found] = rulesFor([aRoute([{ name: "canary" }])], orders, "shop");
  const share = (tracing?: object) => {
    const policy = tracing && aPolicy({ tracing });
    return policyOfRule(found!, orders, policy, "shop", undefined).sampledShare;
  };
  const [route] = found!.name.split("/") as [string];
  assert.deepEqual([share(), share({}), share({ sampling: 5 })], [undefined, undefined, 0.05]);
  const routes = [
    { route: `${route}/other`, sampling: 1 },
    { route: `${route}x`, sampling: 2 },
    { route: `${route}/canary`, sampling: 50 },
  ];
  assert.equal(share({ sampling: 5, routes }), 0.5);
  assert.equal(share({ routes: [{ route, sampling: 0 }, ...routes] }), 0, "the first that fits");
  const unrouted = aPolicy({ tracing: { sampling: 5, routes } });
  assert.equal(policyWithoutRoute(unrouted, "shop", undefined).sampledShare, 0.05);
});
