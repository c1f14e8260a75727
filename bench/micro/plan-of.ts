import { type Plan, Plans, type PlansOptions } from "../../sidecar/outbound/plans.ts";
import type { HttpRoute } from "../../src/resources/http-route.ts";
import { type Resource, readResource } from "../../src/resources/read.ts";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import type { Destination } from "../../src/routing/rules.ts";
import { HEADERS } from "./heads.ts";

export const SERVICE = "orders";
export const TO: Destination = { service: SERVICE, version: undefined, port: 80 };

/** The plan of a sidecar that calls one service, which has this policy. */
export function planOf(
  routes: readonly HttpRoute[],
  policy: ServicePolicy | undefined,
  compile: PlansOptions["compile"],
): Promise<Plan> {
  const routing = { service: SERVICE, revision: 1, routes, ...(policy === undefined ? {} : { policy }) };
  const policies = { get: () => routing, whenKnown: async () => {}, onChange: () => () => {} };
  return new Plans({ caller: "web", policies, compile, policyWaitMs: 0 }).ready(TO);
}

/** A route of the service, with all defaults. */
export const routeOf = (name: string, rules: readonly object[]): HttpRoute =>
  checked({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name },
    spec: { parentRefs: [{ group: "", kind: "Service", name: SERVICE }], rules },
  }) as HttpRoute;

export const policyOf = (spec: object): ServicePolicy =>
  checked({
    apiVersion: "weft.dev/v1",
    kind: "ServicePolicy",
    metadata: { name: SERVICE },
    spec,
  }) as ServicePolicy;

function checked(value: object): Resource {
  const { resource, findings } = readResource(value, 0);
  if (resource === undefined) throw new Error(findings.map(({ message }) => message).join("; "));
  return resource;
}

/** A request with the header fields of a browser. */
export const requestFor = (path: string) => ({ method: "GET", path, headers: HEADERS });
