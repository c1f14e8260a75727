import type { Finding } from "../../resources/finding.ts";
import { routeName, ruleName } from "../../routing/rules.ts";
import { found, isRoute, type Judged } from "./judged.ts";

/** Names in `tracing.routes` that no route and no rule has: the sampling that is written for them is never used. */
export function tracedRoutes(set: readonly Judged[]): Finding[] {
  const names = new Set(
    set
      .filter(isRoute)
      .flatMap(({ resource }) => [
        routeName(resource),
        ...resource.spec.rules.map((_, i) => ruleName(resource, i)),
      ]),
  );
  return set.flatMap((one) => {
    if (one.resource.kind !== "ServicePolicy") return [];
    return (one.resource.spec.tracing?.routes ?? []).flatMap(({ route }, i) => {
      if (names.has(route)) return [];
      const message = `no route or rule ${JSON.stringify(route)} is known`;
      const cure = "write a name as metrics and weft explain have it, such as orders or orders/canary";
      return [found("no-effect", one, `spec.tracing.routes[${i}].route`, message, cure)];
    });
  });
}
