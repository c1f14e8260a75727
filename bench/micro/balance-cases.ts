import type { Tracer } from "../../sidecar/observe/tracer.ts";
import { around, instances, outboundLayers } from "./around.ts";
import type { Case } from "./clock.ts";
import type { Known } from "./layer-cases.ts";

export const NO_BREAKER = { consecutiveFailures: 0 };

/** What breakers come on top of. */
export const BALANCED = "policy: balance, peak-ewma over 5, no breaker";

/** A user as most are kept: by a cookie of theirs, which the request has. */
const HASH = { policy: "consistent-hash", hash: { cookie: "session" } };

/** Each way to choose an instance, without a breaker: pick, begin and end of a call, and two readings of the clock. */
export function balanceCases(tracer: Tracer): Case[] {
  const over = (name: string, balance: object, known: Known): Case =>
    around(name, outboundLayers(tracer, { balance, breaker: NO_BREAKER }, known).balance);
  const five = { instances: instances(5) };
  const policies = ["least-loaded", "round-robin", "random", "queue-group"];
  const nearAndFar = five.instances.map((row, i) => ({ ...row, zone: i < 2 ? "a" : "b" }));
  return [
    over(BALANCED, { policy: "peak-ewma" }, five),
    ...policies.map((policy) => over(`policy: balance, ${policy} over 5`, { policy }, five)),
    ...[5, 50, 500].map((count) =>
      over(`policy: balance, consistent-hash over ${count}`, HASH, { instances: instances(count) }),
    ),
    over("policy: balance, zone, 2 of 5 are near", {}, { instances: nearAndFar, zone: "a" }),
    over("policy: balance, slowStart, 1 of 5 is new", { slowStart: "1h" }, { ...five, old: instances(4) }),
  ];
}
