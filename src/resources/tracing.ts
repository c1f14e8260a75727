import * as z from "zod/mini";
import { percentage } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const ofRoute = described(
  z.strictObject({
    route: described(
      z.string().check(z.minLength(1), z.maxLength(600)),
      "name of an HTTPRoute, or of one rule of it as `weft explain` and metrics have it: `orders`, or `orders/canary`",
    ),
    sampling: described(percentage, "the same, for the calls that this route or rule takes"),
  }),
  "How many traces begin with calls of one route.",
  { id: "RouteTracing" },
);

/** Envoy's `random_sampling` of a route, and `randomSamplingPercentage` of Istio's Telemetry. */
export const tracing = described(
  z.strictObject({
    sampling: z.exactOptional(
      described(
        percentage,
        "percentage of the new traces that are sampled, and so exported, when they begin with a call to the service; left out, it is what the caller's sidecar was started with (1)",
      ),
    ),
    routes: z.exactOptional(
      described(z.array(ofRoute).check(z.maxLength(64)), "exceptions; the first that fits is used"),
    ),
  }),
  "How many traces begin with calls to the service. A call that comes with a trace context is sampled as that says.",
  { id: "Tracing" },
);
