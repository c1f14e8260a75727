import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { LIMITS } from "../../sidecar/options.ts";
import { analyse } from "../../src/control/analyse/analyse.ts";
import { msOf, USUAL_REQUEST } from "../../src/control/analyse/no-effect/times.ts";
import { EXAMPLES } from "../../src/resources/examples.ts";
import { readResource } from "../../src/resources/read.ts";
import { at, redirect, tell } from "./analyse-scene.ts";
import { aPolicy, aRoute } from "./editor-scene.ts";

const policyOf = (spec: object, service = "orders") => ({ ...aPolicy(service), spec });
const routeOf = (rule: object) => aRoute("a", { rule: { backendRefs: [{ name: "orders" }], ...rule } });

const judged = (value: unknown, document?: number) => ({
  resource: readResource(value, 0).resource!,
  ...(document === undefined ? {} : { document }),
});

/** @param places each of them `document/path` */
async function check(values: readonly object[], ...places: string[]) {
  const expected = places.map((place) => `no-effect ${place.replace("/", " ")}`);
  assert.deepEqual(await tell(values), expected, JSON.stringify(values));
}

/** @param places in the spec; several are written with a space between */
async function checkPolicies(cases: readonly (readonly [spec: object, places?: string])[]) {
  for (const [spec, places] of cases)
    await check([policyOf(spec)], ...(places?.split(" ") ?? []).map((place) => `0/spec.${place}`));
}

/** @param place in the rule */
async function checkRules(
  cases: readonly (readonly [rule: object, place?: string | undefined, policy?: object])[],
) {
  for (const [rule, place, policy] of cases)
    await check(
      [routeOf(rule), ...(policy === undefined ? [] : [policyOf(policy)])],
      ...(place === undefined ? [] : [`0/spec.rules[0].${place}`]),
    );
}

const noBudget = { percent: 0, minRetryRate: 0 };
const short = { timeouts: { request: "1s" } };

describe("what a policy says in vain", () => {
  test("nothing at all, or an empty field", async () => {
    await check([policyOf({})], "0/spec");
    await checkPolicies([
      [{ timeouts: {} }, "timeouts"],
      [{ limits: {} }, "limits"],
      [{ faults: [] }, "faults"],
    ]);
  });

  test("how to retry, when nothing is tried again", () =>
    checkPolicies([
      [{ retry: { attempts: 0 } }],
      [{ retry: { attempts: 0, codes: [503], backoff: "1s" } }, "retry.codes retry.backoff"],
      [{ retry: { codes: [503] }, retryBudget: noBudget }, "retry.codes"],
      [{ retry: {}, retryBudget: noBudget }],
      [{ retry: { codes: [503] }, retryBudget: { percent: 0 } }],
      [{ retry: { attempts: 2, backoff: "60s", codes: [503] } }, "retry.backoff"],
      [{ retry: { attempts: 2, backoff: "60s", codes: [503] }, timeouts: { request: "61s" } }],
      [{ retry: { backoff: "1s" }, ...short }, "retry.backoff"],
      [{ retry: { backoff: "60s" }, timeouts: { request: "0s" } }],
    ]));

  test("a hedge that comes too late, or that no budget allows", () =>
    checkPolicies([
      [{ hedge: { delay: "1s" }, ...short }, "hedge.delay"],
      [{ hedge: { delay: "999ms" }, ...short }],
      [{ hedge: { delay: "1s" }, timeouts: { request: "5s", backendRequest: "1s" } }, "hedge.delay"],
      [{ hedge: { delay: "1h" }, timeouts: { request: "0s" } }],
      [{ hedge: {}, retryBudget: noBudget }, "hedge"],
    ]));

  test("a wait that outlasts the call, and calls that cannot be held", () =>
    checkPolicies([
      [{ park: {}, ...short }, "park.maxWait"],
      [{ park: { maxWait: "1s" }, ...short }],
      [{ park: { maxWait: "30s" } }, "park.maxWait"],
      [{ park: { maxWait: "30s" }, timeouts: { request: "0s" } }],
      [{ hedge: { delay: "15s" } }, "hedge.delay"],
      [{ limits: { maxConcurrency: 1, queue: { wait: "2s" } }, ...short }, "limits.queue.wait"],
      [{ park: { maxWait: "0s", maxCalls: 5 } }, "park.maxCalls"],
      [{ park: { maxWait: "0s" } }],
      [{ park: { maxCalls: 300 }, limits: { maxPending: 256 } }, "park.maxCalls"],
      [{ park: { maxCalls: 200 }, limits: { maxPending: 256 } }],
    ]));

  test("what does not apply to the way of balancing", () =>
    checkPolicies([
      [{ balance: { policy: "queue-group", slowStart: "1s" } }, "balance.slowStart"],
      [{ balance: { policy: "consistent-hash", hash: { ip: true }, zone: "ignore" } }, "balance.zone"],
      [{ balance: { policy: "random", zone: "ignore", slowStart: "1s" } }],
    ]));

  test("a breaker that can leave no instance out", () =>
    checkPolicies([
      [{ balance: { policy: "queue-group" }, breaker: {} }, "breaker"],
      [{ balance: { policy: "queue-group" }, hedge: {} }, "hedge"],
      [
        { balance: { policy: "queue-group" }, breaker: { consecutiveFailures: 3, maxPenalty: "5m" } },
        "breaker.consecutiveFailures breaker.maxPenalty",
      ],
      [{ balance: { policy: "queue-group" }, breaker: { maxPenalty: "5m", service: {} } }],
      [{ breaker: { consecutiveFailures: 0 } }],
      [{ breaker: { consecutiveFailures: 0, minPenalty: "2s" } }, "breaker.minPenalty"],
      [{ breaker: { consecutiveFailures: 0, minPenalty: "2s", successRate: {} } }],
      [{ breaker: { maxEjectedPercent: 0 } }],
      [{ breaker: { maxEjectedPercent: 0, successRate: {} } }, "breaker.successRate"],
    ]));

  test("limits that others never let be reached", () => {
    const limits = (more: object) => ({ limits: { maxConcurrency: 5, ...more } });
    const rate = (local: object, global: object) => ({
      rateLimit: { local: { interval: "1s", ...local }, global: { interval: "1m", ...global } },
    });
    return checkPolicies([
      [limits({ priority: {}, queue: { calls: 0 } }), "limits.priority"],
      [limits({ priority: { shedBelow: 4 }, queue: { calls: 0 } })],
      [limits({ priority: { shedBelow: 0 } }), "limits.priority.shedBelow"],
      [limits({ priority: { shedBelow: 1 } })],
      [limits({ priority: { shedBelow: 7 } }), "limits.priority.shedBelow"],
      [limits({ priority: { shedBelow: 6 } })],
      [limits({ queue: { calls: 4, wait: "0s" } }), "limits.queue.calls"],
      [limits({ queue: { wait: "0s" } })],
      [limits({ priority: {}, queue: { wait: "0s" } }), "limits.priority"],
      [limits({ queue: { calls: 0 } })],
      [limits({ queue: { calls: 0, wait: "1s" } }), "limits.queue.wait"],
      [{ ...limits({ queue: { calls: 0, wait: "2s" } }), ...short }, "limits.queue.wait"],
      [limits({ priority: {}, queue: { calls: 1 } })],
      [rate({ requests: 10, burst: 600 }, { requests: 600 }), "rateLimit.local"],
      [rate({ requests: 10 }, { requests: 600 })],
      [rate({ requests: 9, burst: 600 }, { requests: 600 })],
    ]);
  });

  test("a fault that another one hides, and a delay of nothing", () => {
    const abort = { percent: 1, status: 503 };
    const one = { matches: [at("/a")], abort };
    return checkPolicies([
      [{ faults: [one, { ...one, matches: [at("/a/")] }] }, "faults[1]"],
      [{ faults: [{ abort }, one] }, "faults[1]"],
      [{ faults: [one, { abort }] }],
      [{ faults: [{ delay: { percent: 1, duration: "0s" }, abort }] }, "faults[0].delay"],
    ]);
  });
});

describe("what a rule says in vain", () => {
  test("by itself", () =>
    checkRules([
      [{ timeouts: {} }, "timeouts"],
      [{ filters: [{ type: "URLRewrite", urlRewrite: {} }] }, "filters[0]"],
      [{ filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { set: [] } }] }, "filters[0]"],
      [{ filters: [{ type: "ResponseHeaderModifier", responseHeaderModifier: { remove: ["x"] } }] }],
      [{ retry: { backoff: "2s" }, timeouts: { request: "2s" } }, "retry.backoff"],
      [{ retry: { backoff: "1s" }, timeouts: { request: "2s" } }],
      [{ retry: { backoff: "1s" } }],
      [{ retry: { backoff: "15s" } }, "retry.backoff"],
    ]));

  test("beside a redirect, which calls nothing", () => {
    const rule = { ...redirect({ hostname: "example.org" }), retry: {}, timeouts: { request: "1s" } };
    return check([aRoute("a", { rule })], "0/spec.rules[0].timeouts", "0/spec.rules[0].retry");
  });

  test("because the policy of the service does not let it", () =>
    checkRules([
      [{ retry: {} }, "retry", { retry: { attempts: 0 } }],
      [{ timeouts: { backendRequest: "2s" } }, "timeouts.backendRequest", short],
      [{ timeouts: { backendRequest: "0s" } }, undefined, short],
      [{ retry: { backoff: "1s" } }, "retry.backoff", short],
      [short, "timeouts", { hedge: { delay: "2s" } }],
      [{ timeouts: { request: "3s" } }, undefined, { hedge: { delay: "2s" } }],
      [short, "timeouts.request", { park: {} }],
      [{ retry: { codes: [503] } }, "retry.codes", { retryBudget: noBudget }],
    ]));

  test("what is in vain for all calls but those of a rule is not told", () =>
    checkRules([
      [{ timeouts: { request: "9s" } }, undefined, { hedge: { delay: "2s" }, park: {}, ...short }],
      [
        { timeouts: { request: "90s" } },
        undefined,
        { hedge: { delay: "20s" }, park: { maxWait: "30s" }, retry: { backoff: "60s" } },
      ],
    ]));

  test("it is told where something can be done about it, with its cure", async () => {
    const route = routeOf(short);
    const policy = policyOf({ hedge: { delay: "2s" } });
    const said = async (...set: Parameters<typeof analyse>[0]) =>
      (await analyse(set)).map(({ document, path, other, severity }) => [
        document,
        path,
        other?.document,
        severity,
      ]);
    const at = "spec.rules[0].timeouts";
    assert.deepEqual(await said(judged(route, 0), judged(policy, 1)), [[0, at, 1, "warning"]]);
    assert.deepEqual(await said(judged(route, 0), judged(policy)), [[0, at, undefined, "warning"]]);
    assert.deepEqual(await said(judged(route), judged(policy, 0)), [[0, "spec", undefined, "warning"]]);
    const [finding] = await analyse([judged(route), judged(policy, 0)]);
    assert.equal(
      finding?.message,
      "for HTTPRoute a, spec.rules[0].timeouts: an attempt ends after request 1s, so none begins beside it after hedge.delay 2s of ServicePolicy orders",
    );
    assert.equal(finding?.cure, "write timeouts longer than 2s, or a shorter hedge.delay");
  });
});

test("the default time of a call is that of a sidecar", () => {
  assert.equal(msOf(USUAL_REQUEST), LIMITS.timeoutMs);
});

test("the examples of the reference page say nothing in vain, together neither", async () => {
  assert.deepEqual(await tell(Object.values(EXAMPLES).map((text) => parse(text) as unknown)), []);
});
