import { KeptTraces } from "../../sidecar/observe/kept-traces.ts";
import { RecentCalls } from "../../sidecar/observe/recent-calls.ts";
import { NO_TAPS } from "../../sidecar/observe/record.ts";
import type { Tracer } from "../../sidecar/observe/tracer.ts";
import { Callees } from "../../sidecar/outbound/callees.ts";
import { compileRule, type OutboundParts } from "../../sidecar/outbound/compile.ts";
import type { Plan } from "../../sidecar/outbound/plans.ts";
import { hashText } from "../../sidecar/policy/hash.ts";
import { holdInPause } from "../../sidecar/policy/hold-in-pause.ts";
import { limitPending } from "../../sidecar/policy/limit-pending.ts";
import { RETRY } from "../../sidecar/policy/retry.ts";
import type { Layer, Service } from "../../sidecar/stack/call.ts";
import { observe, rescue, stack } from "../../sidecar/stack/stack.ts";
import { Sweep } from "../../sidecar/stack/sweep.ts";
import type { InstanceRow } from "../../src/registry/wire.ts";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import { CallMeter } from "../../src/telemetry/call-meter.ts";
import { repeatAwaited } from "./cases.ts";
import type { Case } from "./clock.ts";
import { callFor, OUTCOME } from "./leaf.ts";
import { planOf, policyOf, requestFor, routeOf, SERVICE } from "./plan-of.ts";

export const send: Service = () => OUTCOME;
const REQUEST = requestFor("/v2/orders/42?expand=items");

/** Calls through layers that end where the answer is there already: what the layers themselves take. */
export async function layerCases(tracer: Tracer): Promise<Case[]> {
  const pass: Layer = (inner) => (call) => inner(call);
  const six = stack(
    rescue(() => {}),
    observe(() => {}),
    pass,
    pass,
    pass,
    pass,
  )(send);
  const sweep = new Sweep();
  const none = await planOf([], undefined, (rule) => compileRule(rule, SERVICE, partsFor(tracer, sweep)));
  const all = await planOf([ROUTE], POLICY, (rule) =>
    compileRule(rule, SERVICE, { ...partsFor(tracer, sweep), brokerWaitMs: 1000 }),
  );
  const planned = (name: string, plan: Plan): Case =>
    repeatAwaited(name, () => {
      const { chosen, requestMs, service } = plan(REQUEST);
      const call = callFor(REQUEST, sweep.now(), requestMs);
      call.rule = chosen;
      return service(call);
    });
  return [
    repeatAwaited("stack: no layer, awaited", () => send(callFor(REQUEST))),
    repeatAwaited("stack: six layers, awaited", () => six(callFor(REQUEST))),
    planned("call: rule and all layers, no policy", none),
    planned("call: rule and all layers, everything on", all),
  ];
}

/** As a sidecar judges each call; who is told does nothing. */
const keeping = () => {
  const recent = { client: new RecentCalls("client"), server: new RecentCalls("server") };
  return new KeptTraces({ service: "web", instance: "w1", recent, note: () => {} }).ended("client");
};

/** What the caller knows. */
export interface Known {
  /** Of the service that is called. */
  readonly policy?: ServicePolicy;
  /** Of the service that is called; where none is known, every call is left to the broker. */
  readonly instances?: readonly InstanceRow[];
  /** Those of them that were there from the start; the others are new. All, when it is left out. */
  readonly old?: readonly InstanceRow[];
  /** Its own. */
  readonly zone?: string;
}

export function partsFor(tracer: Tracer, sweep: Sweep, known: Known = {}): OutboundParts {
  const meter = (): CallMeter => new CallMeter({ side: "client", service: "web" });
  return {
    recorder: {
      ...{ meter: meter(), mirrorMeter: meter(), tracer, recent: new RecentCalls("client"), taps: NO_TAPS },
      ...{ keep: keeping(), accessLog: undefined, now: sweep.now },
    },
    sweep,
    holdInPause: holdInPause({ isOn: false, holds: false, onOver: () => {} }, sweep),
    limitPending: limitPending(1024),
    limitMirrors: limitPending(256),
    mirrorSkipped: () => {},
    retry: RETRY,
    callees: calleesOf(sweep, known),
    broker: { state: { kind: "connected" }, onState: () => () => {} },
    brokerWaitMs: 0,
    random: Math.random,
    reportBug: (error) => {
      throw error;
    },
    isUnknown: () => false,
    send,
  };
}

function calleesOf(sweep: Sweep, { policy, instances = [], old = instances, zone }: Known): Callees {
  let rows = old;
  const callees = new Callees({
    caller: "web",
    policies: {
      get: () => policy && { service: SERVICE, revision: 1, routes: [], policy },
      whenKnown: async () => {},
      onChange: () => () => {},
    },
    instances: () => rows,
    allInstances: () => ({}),
    balancerParts: { zone, random: Math.random, hash: hashText, retryAfterMs: () => undefined },
    ejected: () => {},
    sweep,
  });
  callees.balancerFor(SERVICE);
  rows = instances;
  return callees;
}

/** Every kind of filter but a redirect, which ends a call, and both limits of time; one call in a hundred is copied. */
const ROUTE = routeOf("everything", [
  { matches: [{ headers: [{ name: "x-canary", value: "1" }] }] },
  {
    matches: [{ path: { type: "PathPrefix", value: "/v2" } }],
    filters: [
      {
        type: "RequestHeaderModifier",
        requestHeaderModifier: { set: [{ name: "x-from", value: "bench" }], remove: ["dnt"] },
      },
      {
        type: "ResponseHeaderModifier",
        responseHeaderModifier: { set: [{ name: "cache-control", value: "max-age=60" }] },
      },
      {
        type: "URLRewrite",
        urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/v3" } },
      },
      { type: "RequestMirror", requestMirror: { backendRef: { name: "shadow" }, percent: 1 } },
    ],
    timeouts: { request: "10s", backendRequest: "5s" },
    backendRefs: [
      { name: SERVICE, version: "1", weight: 90 },
      { name: SERVICE, version: "2", weight: 10 },
    ],
  },
]);

/** Faults that are looked at for each call and never happen. */
const POLICY = policyOf({
  sticky: { cookie: "session" },
  faults: [
    {
      matches: [{ headers: [{ name: "x-chaos", value: "1" }] }],
      abort: { percent: 100, status: 503 },
    },
    { delay: { percent: 0, duration: "1s" } },
  ],
});
