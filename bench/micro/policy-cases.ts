import { OwnAccess } from "../../sidecar/inbound/own-access.ts";
import { OwnLimits } from "../../sidecar/inbound/own-limits.ts";
import { backendLayersOf } from "../../sidecar/outbound/compile.ts";
import { policyWithoutRoute } from "../../sidecar/outbound/rule-policy.ts";
import type { Layer } from "../../sidecar/stack/call.ts";
import { admit, stack } from "../../sidecar/stack/stack.ts";
import { Sweep } from "../../sidecar/stack/sweep.ts";
import type { InstanceRow } from "../../src/registry/wire.ts";
import type { Tracer } from "../../src/telemetry/trace.ts";
import { repeatAwaited } from "./cases.ts";
import type { Case } from "./clock.ts";
import { partsFor, send } from "./layer-cases.ts";
import { callFor } from "./leaf.ts";
import { policyOf, requestFor, SERVICE } from "./plan-of.ts";

const REQUEST = requestFor("/v2/orders/42");
const INSTANCES: readonly InstanceRow[] = Array.from({ length: 5 }, (_, i) => ({
  service: SERVICE,
  instance: `i${i}`,
  version: "1",
  startedAt: 0,
}));
const NO_BREAKER = { consecutiveFailures: 0 };
const LEAF = "policy: none, an answer that is there at once";

/** More than any of the calls here: nothing is refused. */
const ENOUGH = { requests: 10_000_000, interval: "1ms" };

/** The last one takes the request. */
const TEN_RULES = Array.from({ length: 10 }, (_, i) => ({
  name: `r${i}`,
  to: [{ methods: ["GET"], paths: [{ value: i === 9 ? "/v2" : `/other-${i}` }] }],
}));

/**
 * What a call costs more when one policy is written, and goes well: its layer alone, as the sidecar makes it, around an
 * answer that is there at once.
 */
export function policyCases(tracer: Tracer): Case[] {
  const sweep = new Sweep();
  const around = (name: string, layer: Layer | undefined, over?: string): Case => {
    const service = stack(layer)(send);
    const run = repeatAwaited(name, () => service(callFor(REQUEST, sweep.now())));
    return over === undefined ? run : { ...run, over };
  };
  const outbound = (
    name: string,
    spec: object,
    layer: keyof ReturnType<typeof backendLayersOf>,
    over = LEAF,
  ): Case => {
    const policy = policyOf(spec);
    const parts = partsFor(tracer, sweep, policy, INSTANCES);
    const rule = policyWithoutRoute(policy, "web", undefined);
    const made = backendLayersOf(rule.backends[0]!, rule, parts.callees.of(SERVICE), parts)[layer];
    return around(`policy: ${name}`, needed(name, made), over);
  };
  const inbound = (name: string, spec: object, layerOf: (own: OwnLimits) => Layer | undefined): Case => {
    const own = ownLimits(sweep);
    own.configure(policyOf(spec));
    return around(`policy: ${name}`, needed(name, layerOf(own)), LEAF);
  };
  const authorized = (name: string, rules: readonly object[]): Case => {
    const access = new OwnAccess({ service: SERVICE, denied: () => fail("a call was denied") });
    const policy = policyOf({ authorization: { rules } });
    access.configure({ service: SERVICE, revision: 1, routes: [], policy });
    const { gate } = access;
    return around(`policy: ${name}`, needed(name, gate && admit(gate)), LEAF);
  };
  const balanced = "balance: peak-ewma over 5, no breaker";
  const gate = ({ gates }: OwnLimits): Layer | undefined => (gates.length > 0 ? admit(...gates) : undefined);
  return [
    around(LEAF, undefined),
    outbound("retry, with codes", { retry: { codes: [502, 503] } }, "retry"),
    outbound("hedge, after a fixed time", { hedge: { delay: "1s" } }, "hedge"),
    outbound("hedge, after the usual time", { hedge: { percentile: 95 } }, "hedge"),
    outbound(balanced, { balance: { policy: "peak-ewma" }, breaker: NO_BREAKER }, "balance"),
    outbound("breaker, by failures in a row", { breaker: {} }, "balance", `policy: ${balanced}`),
    outbound(
      "breaker, by success rate",
      { breaker: { ...NO_BREAKER, successRate: {} } },
      "balance",
      `policy: ${balanced}`,
    ),
    outbound("breaker, of the service", { breaker: { service: {} } }, "breakService"),
    outbound("park", { park: {} }, "park"),
    outbound("limits, maxPending", { limits: { maxPending: 1000 } }, "limitPending"),
    inbound("limits, maxConcurrency", { limits: { maxConcurrency: 100 } }, (own) => own.concurrency.layer),
    inbound("limits, adaptive", { limits: { adaptive: { max: 100 } } }, (own) => own.concurrency.layer),
    authorized("authorization, by caller", [{ name: "it", from: { services: ["web"] } }]),
    authorized("authorization, the last of 10 rules by method and path", TEN_RULES),
    inbound("rate limit, local", { rateLimit: { local: ENOUGH } }, gate),
    inbound("rate limit, local, per caller", { rateLimit: { local: { ...ENOUGH, perCaller: true } } }, gate),
  ];
}

/** Without its layer a case would measure nothing, and look good. */
function needed(name: string, layer: Layer | undefined): Layer {
  if (layer === undefined) throw new Error(`the sidecar makes no layer of the policy for ${name}`);
  return layer;
}

const ownLimits = (sweep: Sweep): OwnLimits =>
  new OwnLimits({
    sweep,
    random: Math.random,
    limited: () => fail("a call was above the rate"),
    globalRate: () => fail("a global rate needs a registry"),
  });

function fail(why: string): never {
  throw new Error(why);
}
