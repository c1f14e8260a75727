import assert from "node:assert/strict";
import { test } from "node:test";
import { backendLayersOf, compileRule, layersOf } from "../../../sidecar/outbound/compile.ts";
import { policyOfRule, policyWithoutRoute, type RulePolicy } from "../../../sidecar/outbound/rule-policy.ts";
import { RETRY } from "../../../sidecar/policy/retry.ts";
import type { Layer, Service } from "../../../sidecar/stack/call.ts";
import { failed } from "../../../sidecar/stack/outcome.ts";
import { stack } from "../../../sidecar/stack/stack.ts";
import { rulesFor } from "../../../src/routing/rules.ts";
import { aCall } from "../../support/calls.ts";
import { turns } from "../../support/fake-clock.ts";
import { codeOf, replied } from "../policy/scene.ts";
import { aPolicy, aRoute, calleesOf, countsOf, orders, scene } from "./scene.ts";

const filters = (version: string) => [
  { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-a", value: version }] } },
  { type: "ResponseHeaderModifier", responseHeaderModifier: { add: [{ name: "x-b", value: version }] } },
  { type: "RequestMirror", requestMirror: { backendRef: { name: "orders", version } } },
];

const ruleOf = (rule: object, policy?: object): RulePolicy => {
  const [found] = rulesFor([aRoute([rule])], orders, "shop");
  return policyOfRule(found!, orders, policy && aPolicy(policy), "shop", undefined);
};

/** A rule with everything that there is. */
const everything = (): RulePolicy =>
  ruleOf(
    {
      filters: filters("8"),
      backendRefs: [{ name: "orders", version: "2", filters: filters("9") }],
      timeouts: { request: "2s", backendRequest: "500ms" },
    },
    EVERYTHING,
  );

const EVERYTHING = {
  faults: [{ delay: { percent: 0, duration: "1s" } }],
  sticky: { header: "x-user" },
  hedge: { delay: "1s" },
  breaker: { service: { consecutiveFailures: 20 } },
  limits: { maxPending: 10 },
  park: {},
};

const namesOf = (layers: Readonly<Record<string, Layer | undefined>>): string[] =>
  Object.entries(layers).flatMap(([name, layer]) => (layer === undefined ? [] : [name]));

/** Each layer with a spy around it, which tells who is entered and left. */
const spied = (layers: Readonly<Record<string, Layer | undefined>>, log: string[], prefix = ""): Layer =>
  stack(
    ...Object.entries(layers).map(([name, layer]): Layer | undefined => {
      if (layer === undefined) return undefined;
      return (inner) => {
        const service = layer(inner);
        return async (call) => {
          log.push(`> ${prefix}${name}`);
          const outcome = await service(call);
          log.push(`< ${prefix}${name}`);
          return outcome;
        };
      };
    }),
  );

const RULE = [
  "rescue",
  "record",
  "holdInPause",
  "limitPending",
  "deadline",
  "injectFaults",
  "waitForBroker",
  "modifyResponse",
  "modifyRequest",
  "mirror",
];
const BACKEND = [
  "aim",
  "modifyResponse",
  "modifyRequest",
  "mirror",
  "nameUnknown",
  "limitPending",
  "breakService",
  "nameFull",
  "retry",
  "park",
  "hedge",
  "attemptDeadline",
  "balance",
];

test("the layers of a rule with everything on are passed in this order, on the way in and back out", async () => {
  const log: string[] = [];
  const { parts } = scene({ callees: calleesOf([aPolicy(EVERYTHING)]) });
  const rule = everything();
  const send: Service = async () => {
    log.push("send");
    return replied;
  };
  const service = stack(
    spied(layersOf(rule, parts), log),
    spied(backendLayersOf(rule.backends[0]!, rule, parts.callees.of("orders"), parts), log, "backend "),
  )(send);
  await service(aCall());
  const order = [...RULE, ...BACKEND.map((name) => `backend ${name}`)];
  assert.deepEqual(log, [
    ...order.map((name) => `> ${name}`),
    "send",
    ...order.toReversed().map((name) => `< ${name}`),
  ]);
});

test("a rule that asks for nothing, and a call without a rule, have only what every call has", () => {
  const { parts } = scene();
  const plain = ruleOf({ backendRefs: [{ name: "orders" }] });
  const whole = ["rescue", "record", "holdInPause", "limitPending", "deadline", "waitForBroker"];
  assert.deepEqual(namesOf(layersOf(plain, parts)), whole);
  assert.deepEqual(namesOf(backendLayersOf(plain.backends[0]!, plain, parts.callees.of("orders"), parts)), [
    ...["aim", "nameUnknown", "nameFull", "retry", "balance"],
  ]);
  const unrouted = policyWithoutRoute(undefined, "shop", undefined);
  assert.deepEqual(namesOf(layersOf(unrouted, parts)), whole);
  assert.deepEqual(
    namesOf(backendLayersOf(unrouted.backends[0]!, unrouted, parts.callees.of("orders"), parts)),
    ["nameFull", "retry", "balance"],
  );
});

test("what a sidecar has switched off is not there", () => {
  const { parts } = scene({ brokerWaitMs: 0 });
  const unrouted = policyWithoutRoute(undefined, "shop", undefined);
  assert.deepEqual(namesOf(layersOf(unrouted, parts)), [
    ...["rescue", "record", "holdInPause", "limitPending", "deadline"],
  ]);
  assert.deepEqual(
    namesOf(backendLayersOf(unrouted.backends[0]!, unrouted, parts.callees.of("orders"), parts)),
    ["nameFull", "retry", "balance"],
  );
});

test("a compiled rule does all of it: the backend reads the changes of both, mirrors read those before them", async () => {
  const { parts, sent } = scene();
  const call = aCall();
  const outcome = await compileRule(everything(), "orders", parts)(call);
  await turns();
  assert.deepEqual(
    sent.map(({ target, head, mirrored }) => [target, /x-a: (.*)\r/.exec(head.headers)?.[1], mirrored]),
    [
      [{ kind: "version", version: "2" }, "9", false],
      [{ kind: "version", version: "9" }, "9", true],
      [{ kind: "version", version: "8" }, "8", true],
    ],
  );
  assert.equal(
    outcome.kind === "replied" && outcome.headers,
    "x-b: 9,8\r\n",
    "the backend's change is the inner one",
  );
});

test("a copy is counted apart, tried once, and takes no place of a call", async () => {
  const none = failed("no-instance", "no", "none");
  const mirrored = ruleOf({
    filters: [filters("8")[2]],
    backendRefs: [{ name: "orders" }],
  });
  const attempts: boolean[] = [];
  const limits: string[] = [];
  const counted =
    (name: string): Layer =>
    (inner) =>
    (call) => {
      limits.push(name);
      return inner(call);
    };
  const { parts, recorder } = scene({
    send: async (call) => {
      attempts.push(call.mirrored);
      return call.mirrored ? none : replied;
    },
    limitPending: counted("calls"),
    limitMirrors: counted("copies"),
  });
  assert.equal(codeOf(await compileRule(mirrored, "orders", parts)(aCall())), 200);
  await turns();
  assert.deepEqual(attempts, [false, true]);
  assert.deepEqual(limits, ["calls", "copies"]);
  assert.deepEqual(
    countsOf(recorder.meter).map(({ labels }) => labels.http_response_status_code),
    [200],
  );
  assert.deepEqual(
    countsOf(recorder.mirrorMeter).map(({ labels }) => labels.error_type),
    ["no-instance"],
  );
});

test("a bug in a copy is reported, and the call is answered", async () => {
  const bugs: unknown[] = [];
  const { parts } = scene({
    reportBug: (error) => bugs.push(error),
    send: async (call) => {
      if (call.mirrored) throw new Error("bug");
      return replied;
    },
  });
  const rule = ruleOf({ filters: [filters("8")[2]], backendRefs: [{ name: "orders" }] });
  assert.equal(codeOf(await compileRule(rule, "orders", parts)(aCall())), 200);
  await turns();
  assert.match(String(bugs), /bug/);
});

test("a backend is chosen once: all attempts of a call go there, and the choice is told", async () => {
  const seen: unknown[] = [];
  const draws = [0.95, 0, 0];
  const { parts } = scene({
    random: () => draws.shift()!,
    brokerWaitMs: 0,
    send: async ({ target }) => {
      seen.push(target);
      return failed("no-instance", "no", "none");
    },
  });
  const rule = ruleOf({
    backendRefs: [
      { name: "orders", version: "1", weight: 90 },
      { name: "orders", version: "2", weight: 10 },
    ],
  });
  const call = aCall();
  const outcome = compileRule(rule, "orders", parts)(call);
  for (let i = 0; i < 3; i++) {
    await turns(2);
    parts.sweep.tick();
  }
  assert.equal(codeOf(await outcome), "no-instance");
  assert.deepEqual(seen, Array(3).fill({ kind: "version", version: "2" }));
  assert.equal(call.choice, "orders v2, 10 of 100");
});

test("a share that goes to a backend that nobody has ever seen is answered 500", async () => {
  const { parts } = scene({
    isUnknown: ({ target }) => target.kind === "version" && target.version === "9",
    retry: { ...RETRY, attempts: 0 },
    send: async () => failed("no-instance", "no", "none"),
  });
  const to = (version: string) =>
    compileRule(ruleOf({ backendRefs: [{ name: "orders", version }] }), "orders", parts);
  assert.equal(codeOf(await to("9")(aCall())), "unknown-backend");
  assert.equal(codeOf(await to("2")(aCall())), "no-instance");
});
