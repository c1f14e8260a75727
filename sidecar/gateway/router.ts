import type { ServiceRouting } from "../../src/control/service-routing.ts";
import { Hostnames } from "../../src/routing/hostnames.ts";
import type { Destination, GatewayPlace } from "../../src/routing/rules.ts";
import type { Router } from "../outbound/route-host.ts";
import type { PolicySource } from "../policy-source.ts";

/**
 * Finds where a request goes by its host: to one destination for each hostname of the routes, so that a stranger who
 * makes up hosts makes no more of them.
 * @param service that the gateway is in the mesh
 * @param port that it listens on, when the first request comes
 */
export function gatewayRouter(
  policies: PolicySource,
  service: string,
  listener: GatewayPlace["listener"],
  port: () => number,
): Router {
  const at = (hostname: string): Destination => ({
    ...{ service, version: undefined, port: port() },
    gateway: { listener, hostname },
  });
  let known: ServiceRouting | undefined;
  let hostnames: Hostnames | undefined;
  let destinations = new Map<string, Destination>();
  return (host) => {
    const routing = policies.get(service);
    if (routing === undefined) return undefined;
    if (routing !== known) {
      known = routing;
      hostnames = new Hostnames(routing.routes, at(""));
      destinations = new Map();
    }
    const hostname = hostnames!.find(host);
    if (hostname === undefined) return undefined;
    let to = destinations.get(hostname);
    if (to === undefined) {
      to = at(hostname);
      destinations.set(hostname, to);
    }
    return to;
  };
}
