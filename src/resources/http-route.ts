import * as z from "zod/mini";
import type { Frozen } from "./freeze.ts";
import { httpRouteRule } from "./http-route-rule.ts";
import { metadata } from "./metadata.ts";
import { ATTACH, judgeParents, parentRef } from "./parent-ref.ts";
import { objects, type Report, type Rough, rule, unique } from "./rule.ts";
import { routeHostname } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const API_VERSIONS = ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"] as const;
const MAX_MATCHES = 128;

const spec = described(
  z
    .strictObject({
      parentRefs: described(
        z.array(parentRef).check(z.minLength(1), z.maxLength(32)),
        "the services whose calls are routed, and the gateways whose requests are",
        {
          missing: "which means that the route belongs to nothing",
          unsupportedValue: (value) => (value === undefined ? ATTACH : undefined),
        },
      ),
      hostnames: z.exactOptional(
        described(
          z.array(routeHostname).check(z.maxLength(16)),
          "of gateways: the hosts whose requests are routed, such as shop.example.com or *.example.com; left out, all. An exact name counts before a wildcard, and a longer wildcard before a shorter one",
        ),
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
      useDefaultGateways: "leave it out: parentRefs names each gateway",
    },
  },
);

/** `HTTPRoute` of Gateway API v1: its parents are services (GAMMA), or gateways of `weft gateway`. */
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
  "Routes the calls to one or more services, or the requests that come in by a gateway: Gateway API v1, and `version` on references.",
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
