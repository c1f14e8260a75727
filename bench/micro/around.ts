import type { Tracer } from "../../sidecar/observe/tracer.ts";
import { backendLayersOf, layersOf } from "../../sidecar/outbound/compile.ts";
import { stepsOf } from "../../sidecar/outbound/filters.ts";
import { policyWithoutRoute } from "../../sidecar/outbound/rule-policy.ts";
import type { Layer } from "../../sidecar/stack/call.ts";
import { stack } from "../../sidecar/stack/stack.ts";
import { Sweep } from "../../sidecar/stack/sweep.ts";
import type { InstanceRow } from "../../src/registry/wire.ts";
import { repeatAwaited } from "./cases.ts";
import type { Case } from "./clock.ts";
import { type Known, partsFor, send } from "./layer-cases.ts";
import { callFor } from "./leaf.ts";
import { policyOf, requestFor, routeOf, SERVICE, TO } from "./plan-of.ts";

const REQUEST = requestFor("/v2/orders/42");
/** The one timer of all cases. */
export const sweep = new Sweep();

/** What is taken off the time of each policy. */
export const LEAF = "policy: none, an answer that is there at once";

/**
 * What a call costs more with this layer, around an answer that is there at once.
 * @param over name of the case that is taken off
 * @throws Error when there is no layer: the case would measure nothing, and look good
 */
export function around(name: string, layer: Layer | undefined, over = LEAF): Case {
  if (layer === undefined) throw new Error(`the sidecar makes no layer of the policy for ${name}`);
  return { ...calls(name, layer), over };
}

export const leaf = (): Case => calls(LEAF, (inner) => inner);

function calls(name: string, layer: Layer): Case {
  const service = stack(layer)(send);
  return repeatAwaited(name, () => service(callFor(REQUEST, sweep.now())));
}

/** Instances of the service that is called. */
export const instances = (count: number): InstanceRow[] =>
  Array.from({ length: count }, (_, i) => ({
    service: SERVICE,
    instance: `i${i}`,
    version: "1",
    startedAt: 0,
  }));

const FIVE = instances(5);

/**
 * The layers that the sidecar of a caller makes of a policy, by name.
 * @param filters of the rule of a route
 */
export function outboundLayers(
  tracer: Tracer,
  spec: object,
  known: Known = { instances: FIVE },
  filters: readonly object[] = [],
): Readonly<Record<string, Layer | undefined>> {
  const policy = policyOf(spec);
  const parts = partsFor(tracer, sweep, { ...known, policy });
  const [rule] = routeOf("steps", [{ filters }]).spec.rules ?? [];
  const own = {
    ...policyWithoutRoute(policy, "web", undefined),
    steps: stepsOf(rule?.filters ?? [], "/", TO),
  };
  const callee = parts.callees.of(SERVICE);
  return { ...backendLayersOf(own.backends[0]!, own, callee, parts), ...layersOf(own, parts) };
}
