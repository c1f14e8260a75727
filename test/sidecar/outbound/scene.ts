import assert from "node:assert/strict";
import { RecentCalls } from "../../../sidecar/observe/recent-calls.ts";
import { NO_TAPS, type Recorder } from "../../../sidecar/observe/record.ts";
import { createTracer } from "../../../sidecar/observe/tracer.ts";
import { Callees } from "../../../sidecar/outbound/callees.ts";
import type { OutboundParts } from "../../../sidecar/outbound/compile.ts";
import { limitPending } from "../../../sidecar/policy/limit-pending.ts";
import { RETRY } from "../../../sidecar/policy/retry.ts";
import type { Call, Layer } from "../../../sidecar/stack/call.ts";
import { Sweep } from "../../../sidecar/stack/sweep.ts";
import type { HttpRoute } from "../../../src/resources/http-route.ts";
import { readResource } from "../../../src/resources/read.ts";
import type { ServicePolicy } from "../../../src/resources/service-policy.ts";
import type { Destination } from "../../../src/routing/rules.ts";
import { callFamilies } from "../../../src/telemetry/call-families.ts";
import { CallMeter } from "../../../src/telemetry/call-meter.ts";
import { replied } from "../policy/scene.ts";

const read = (value: unknown) => {
  const { resource, findings } = readResource(value, 0);
  assert.deepEqual(findings, []);
  return resource;
};

/** A route of `orders` with these rules, as the registry would send it. */
export const aRoute = (rules: unknown[], { name = "main", parent = {} } = {}): HttpRoute =>
  read({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name },
    spec: { parentRefs: [{ group: "", kind: "Service", name: "orders", ...parent }], rules },
  }) as HttpRoute;

export const aPolicy = (spec: unknown): ServicePolicy =>
  read({
    apiVersion: "weft.dev/v1",
    kind: "ServicePolicy",
    metadata: { name: "orders" },
    spec,
  }) as ServicePolicy;

export const orders: Destination = { service: "orders", version: undefined, port: 80 };

const tracer = await createTracer({ service: "shop", instance: "s1", version: "1", env: {} });
const open: Layer = (inner) => (call) => inner(call);

export interface Scene {
  readonly parts: OutboundParts;
  readonly recorder: Recorder;
  /** Every call that reached the bus, copies too. */
  readonly sent: Call[];
  readonly skipped: () => number;
}

/** The services that are called; of none is any instance known, so the broker chooses. */
export const calleesOf = (policies: ServicePolicy[] = []): Callees =>
  new Callees({
    caller: "shop",
    policies: {
      get: (service) => ({
        ...{ service, revision: 1, routes: [] },
        ...policies
          .filter(({ metadata }) => metadata.name === service)
          .map((policy) => ({ policy }))
          .at(0),
      }),
      whenKnown: async () => {},
      onChange: () => () => {},
    },
    instances: () => [],
    allInstances: () => ({}),
    balancerParts: { zone: undefined, random: () => 0.5, hash: () => 0, retryAfterMs: () => undefined },
    ejected: () => {},
    sweep: new Sweep(() => 0),
  });

/** What stacks are made of, with a bus that answers at once. */
export function scene(over: Partial<OutboundParts> = {}): Scene {
  const sent: Call[] = [];
  let skipped = 0;
  const recorder: Recorder = {
    meter: new CallMeter({ side: "client", service: "shop" }),
    mirrorMeter: new CallMeter({ side: "client", mirrored: true, service: "shop" }),
    ...{ tracer, recent: new RecentCalls("client"), keep: undefined, taps: NO_TAPS },
    ...{ accessLog: undefined, now: () => 0 },
  };
  const parts: OutboundParts = {
    ...{
      recorder,
      sweep: new Sweep(() => 0),
      holdInPause: open,
      limitPending: open,
      limitMirrors: limitPending(10),
    },
    mirrorSkipped: () => skipped++,
    retry: RETRY,
    callees: calleesOf(),
    broker: { state: { kind: "connected" }, onState: () => () => {} },
    brokerWaitMs: 500,
    random: () => 0.5,
    reportBug: (error) => assert.fail(String(error)),
    isUnknown: () => false,
    send: async (call) => {
      sent.push(call);
      return replied;
    },
    ...over,
  };
  return { parts, recorder, sent, skipped: () => skipped };
}

/** The samples of a meter that count calls, as `labels of interest: count`. */
export const countsOf = (
  meter: CallMeter,
): { labels: Readonly<Record<string, string | number>>; value: number }[] =>
  callFamilies(meter)
    .flatMap((family) => [...family.read()])
    .filter(({ metricName }) => metricName?.endsWith("_count"))
    .map(({ sharedLabels, value }) => ({ labels: sharedLabels!, value }));
