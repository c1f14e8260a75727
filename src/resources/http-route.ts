import * as z from "zod/mini";
import type { Frozen } from "./freeze.ts";
import { httpRouteRule } from "./http-route-rule.ts";
import { metadata } from "./metadata.ts";
import { ATTACH, judgeParents, parentRef } from "./parent-ref.ts";
import { objects, type Report, type Rough, rule, unique } from "./rule.ts";
import { described } from "./schema-notes.ts";

const API_VERSIONS = ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"] as const;
const MAX_MATCHES = 128;

const spec = described(
  z
    .strictObject({
      parentRefs: described(
        z.array(parentRef).check(z.minLength(1), z.maxLength(32)),
        "the services whose calls are routed",
        {
          missing: "which means that the route belongs to nothing",
          unsupportedValue: (value) => (value === undefined ? ATTACH : undefined),
        },
      ),
      rules: described(
        z._default(z.array(httpRouteRule).check(z.minLength(1), z.maxLength(16)), () => [
          { matches: [{ path: { type: "PathPrefix" as const, value: "/" } }] },
        ]),
        "the rules; which match wins is decided by the standard's precedence, not by order alone",
      ),
    })
    .check(rule(judgeParents), rule(judgeRules)),
  "What the route does. All rules together have at most 128 matches.",
  {
    id: "HTTPRouteSpec",
    unsupportedFields: {
      hostnames: "leave it out: a route is chosen by the service that is called, not by a host name",
      useDefaultGateways: "leave it out: there are no gateways; parentRefs names services",
    },
  },
);

/** `HTTPRoute` of Gateway API v1, as it applies to a mesh (GAMMA: parents are services). */
export const httpRoute = described(
  z.strictObject({
    apiVersion: described(
      z.pipe(
        z.enum(API_VERSIONS),
        z.transform((): "gateway.networking.k8s.io/v1" => "gateway.networking.k8s.io/v1"),
      ),
      "v1beta1 is read as v1, to which it is equal",
    ),
    kind: described(z.literal("HTTPRoute"), "the kind"),
    metadata,
    spec,
  }),
  "Routes the calls to one or more services: Gateway API v1, and `version` on references.",
  {
    id: "HTTPRoute",
    unsupportedFields: { status: "leave it out: `weft get routes` shows what became of a route" },
  },
);

/** A checked route with all defaults in it. */
export type HttpRoute = Frozen<z.output<typeof httpRoute>>;
export type HttpRouteRule = HttpRoute["spec"]["rules"][number];
export type BackendRef = NonNullable<HttpRouteRule["backendRefs"]>[number];
export type ParentRef = HttpRoute["spec"]["parentRefs"][number];

function judgeRules({ rules }: Rough, report: Report): void {
  unique(rules, "rules", "the name", (name) => name, report);
  const count = objects(rules).reduce(
    (sum, { matches }) => sum + (Array.isArray(matches) ? matches.length : 0),
    0,
  );
  if (count > MAX_MATCHES)
    report(
      ["rules"],
      `all rules together have ${count} matches, and at most ${MAX_MATCHES} are allowed`,
      "split the route into several",
    );
}
