import assert from "node:assert/strict";
import { test } from "node:test";
import { type Plan, Plans } from "../../../sidecar/outbound/plans.ts";
import type { RulePolicy } from "../../../sidecar/outbound/rule-policy.ts";
import type { PolicySource } from "../../../sidecar/policy-source.ts";
import { statusOf } from "../../../sidecar/stack/outcome.ts";
import type { ServiceRouting } from "../../../src/control/service-routing.ts";
import type { Destination } from "../../../src/routing/rules.ts";
import { LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { until } from "../../support/until.ts";
import { codeOf, replied } from "../policy/scene.ts";
import { aPolicy, aRoute, orders } from "./scene.ts";

const to = (part: Partial<Destination> = {}): Destination => ({ ...orders, ...part });
const routing = (routes: ServiceRouting["routes"], policy?: object): ServiceRouting => ({
  ...{ service: "orders", revision: 1, routes },
  ...(policy === undefined ? {} : { policy: aPolicy(policy) }),
});
const named = (name: string, match: object = {}) => ({
  name,
  matches: [match],
  backendRefs: [{ name: "orders" }],
});

/** Plans, and the policy that a test gives them. */
function scene(known?: ServiceRouting) {
  const listeners = new Set<(service: string) => void>();
  const waited: number[] = [];
  const compiled: RulePolicy[] = [];
  let release: (() => void) | undefined;
  const source = {
    routing: known,
    listeners,
    waited,
    compiled,
    /** The policy is another now. */
    change(next: ServiceRouting) {
      source.routing = next;
      for (const listener of listeners) listener("orders");
    },
    /** Those who wait go on. */
    release: () => release?.(),
  };
  const policies: PolicySource = {
    get: () => source.routing,
    whenKnown: (_service, waitMs) => {
      waited.push(waitMs);
      return source.routing === undefined
        ? new Promise((resolve) => {
            release = resolve;
          })
        : Promise.resolve();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const plans = new Plans({
    ...{ caller: "shop", policies, policyWaitMs: 1000 },
    compile: (rule) => {
      compiled.push(rule);
      return rule.steps.answer ?? (async () => replied);
    },
  });
  return { plans, source };
}

const ruleOf = (plan: Plan | undefined, path = "/", headers = "", method = "GET"): string =>
  plan!({ method, path, headers }).chosen.name;

test("a service without policy goes where its caller said, by a rule without a name, always the same", () => {
  const { plans, source } = scene(routing([]));
  const plan = plans.get(to())!;
  const [rule, other] = ["/a", "/b"].map((path) => plan({ method: "GET", path, headers: "" }));
  assert.equal(rule, other);
  assert.deepEqual([rule!.chosen, rule!.requestMs], [{ name: "", why: "" }, undefined]);
  assert.deepEqual([source.compiled.length, source.waited], [1, []]);
});

test("a plan is compiled once for a destination, and anew when its policy has changed", () => {
  const destination = to();
  const { plans, source } = scene(routing([aRoute([named("old")])]));
  const plan = plans.get(destination);
  assert.equal(ruleOf(plan), "main/old");
  assert.equal(plans.get(destination), plan);
  source.change(routing([aRoute([named("new")])]));
  assert.equal(ruleOf(plans.get(destination)), "main/new");
  assert.equal(ruleOf(plan), "main/old", "a call that is under way goes on with the plan that it began with");
});

test("news of another service renew nothing", () => {
  const destination = to();
  const { plans, source } = scene(routing([]));
  const plan = plans.get(destination);
  for (const listener of source.listeners) listener("pay");
  assert.equal(plans.get(destination), plan);
});

test("news of a backend that is another service renew the plan: its parking and breakers are that service's", () => {
  const destination = to();
  const { plans, source } = scene(routing([aRoute([{ name: "it", backendRefs: [{ name: "pay" }] }])]));
  const plan = plans.get(destination);
  for (const listener of source.listeners) listener("pay");
  assert.notEqual(plans.get(destination), plan);
});

test("the first call waits for the policy, for so long and no longer", async () => {
  const { plans, source } = scene();
  assert.equal(plans.get(to()), undefined);
  const ready = plans.ready(to());
  assert.deepEqual(source.waited, [1000]);
  source.routing = routing([aRoute([named("first")])]);
  source.release();
  assert.equal(ruleOf(await ready), "main/first");
});

test("a policy that does not come is not waited for again, and acts when it does come", async () => {
  const destination = to();
  const { plans, source } = scene();
  const ready = plans.ready(destination);
  source.release();
  assert.equal(ruleOf(await ready), "");
  assert.equal(plans.get(destination), await ready);
  assert.equal(source.waited.length, 1);
  source.change(routing([aRoute([named("late")])]));
  assert.equal(ruleOf(plans.get(destination)), "main/late");
});

test("a policy with an expression waits until the engine is loaded, and then no more", async () => {
  for (const with_ of [
    routing([aRoute([named("it", { path: { type: "RegularExpression", value: "/v[0-9]" } })])]),
    routing([aRoute([named("it")])], {
      faults: [
        {
          matches: [{ headers: [{ name: "x", value: "1+", type: "RegularExpression" }] }],
          abort: { percent: 1, status: 500 },
        },
      ],
    }),
  ]) {
    const { plans } = scene(with_);
    assert.equal(plans.get(to()), undefined);
    assert.equal(ruleOf(await plans.ready(to()), "/v1"), "main/it");
    assert.equal(ruleOf(plans.get(to({ port: 81 })), "/v1"), "main/it");
  }
});

test("the plan in use stays until the engine for the new one is loaded", async () => {
  const destination = to();
  const { plans, source } = scene(routing([aRoute([named("old")])]));
  plans.get(destination);
  source.change(routing([aRoute([named("new", { path: { type: "RegularExpression", value: "/.*" } })])]));
  assert.equal(ruleOf(plans.get(destination)), "main/old");
  await until(() => ruleOf(plans.get(destination)) === "main/new");
});

test("a policy that changes while the engine is loaded is the one that acts", async () => {
  const { plans, source } = scene(
    routing([aRoute([named("old", { path: { type: "RegularExpression", value: "/.*" } })])]),
  );
  const ready = plans.ready(to());
  source.change(routing([aRoute([named("new")])]));
  assert.equal(ruleOf(await ready), "main/new");
});

test("routes are attached, and no rule of theirs takes the request: 404, and the body is let go", async () => {
  const { plans } = scene(routing([aRoute([named("it", { path: { type: "Exact", value: "/a" } })])]));
  const plan = plans.get(to())!;
  assert.equal(ruleOf(plan, "/a"), "main/it");
  const { chosen, service } = plan({ method: "GET", path: "/b", headers: "" });
  assert.equal(chosen.name, "");
  const call = aCall({ path: "/b?secret", body: new LiveBody("part") });
  const outcome = await service(call);
  assert.deepEqual([codeOf(outcome), statusOf(outcome)], ["no-route", 404]);
  assert.equal(
    outcome.kind === "refused" && outcome.message,
    "no rule of the routes of orders takes GET /b",
    "without the query, which may hold secrets",
  );
  assert.equal((call.head.body as LiveBody).abandoned, "no-route");
});

test("a call that names a version passes by the routes of the service, but has its policy", () => {
  const policy = { timeouts: { request: "3s" } };
  const { plans } = scene(routing([aRoute([named("it", { method: "POST" })])], policy));
  const rule = plans.get(to({ version: "2" }))!({ method: "GET", path: "/", headers: "" });
  assert.deepEqual([rule.chosen.name, rule.requestMs], ["", 3000]);
});

test("routes may be attached to a version, or to a port", () => {
  const { plans } = scene(
    routing([
      aRoute([named("it")], { name: "canary", parent: { version: "2" } }),
      aRoute([named("it")], { name: "admin", parent: { port: 8080 } }),
    ]),
  );
  assert.equal(ruleOf(plans.get(to())), "");
  assert.equal(ruleOf(plans.get(to({ version: "2" }))), "canary/it");
  assert.equal(ruleOf(plans.get(to({ version: "1" }))), "");
  assert.equal(ruleOf(plans.get(to({ port: 8080 }))), "admin/it");
});

test("rules for other callers are not in the plan", () => {
  const forCaller = (value: string) => named(value, { headers: [{ name: "weft-caller", value }] });
  const { plans } = scene(routing([aRoute([named("all"), forCaller("web"), forCaller("shop")])]));
  const plan = plans.get(to());
  assert.equal(ruleOf(plan), "main/shop");
  assert.equal(ruleOf(plan, "/", "weft-caller: web\r\n"), "main/shop", "whatever the app says that it is");
});

test("what a rule matched goes with the call, and its time, too", () => {
  const rule = { ...named("it", { path: { value: "/a" }, method: "GET" }), timeouts: { request: "2s" } };
  const { plans } = scene(routing([aRoute([rule])]));
  const { chosen, requestMs } = plans.get(to())!({ method: "GET", path: "/a/b?c", headers: "" });
  assert.deepEqual([chosen, requestMs], [{ name: "main/it", why: "PathPrefix /a, method GET" }, 2000]);
});

test("plans are bounded, and hear of nothing once they are closed", () => {
  const { plans, source } = scene(routing([]));
  const destinations = Array.from({ length: 1025 }, (_, i) => to({ port: i }));
  for (const destination of destinations) plans.get(destination);
  plans.get(destinations[1024]!);
  assert.equal(source.compiled.length, 1025);
  plans.get(destinations[0]!);
  assert.equal(source.compiled.length, 1026, "the older ones were let go");
  plans.close();
  assert.equal(source.listeners.size, 0);
});
