import type { Tracer } from "../../sidecar/observe/tracer.ts";
import { around, leaf, outboundLayers } from "./around.ts";
import { BALANCED, balanceCases, NO_BREAKER } from "./balance-cases.ts";
import type { Case } from "./clock.ts";
import { ownPolicyCases } from "./own-policy-cases.ts";

const RETRY = "policy: retry, not written";
const FAULT = { abort: { percent: 100, status: 503 } };

/**
 * What a call costs more when one policy is written, and goes well: its layer alone, as the sidecar makes it, around an
 * answer that is there at once.
 */
export async function policyCases(tracer: Tracer): Promise<Case[]> {
  const outbound = (name: string, layer: string, spec: object, over?: string): Case =>
    around(`policy: ${name}`, outboundLayers(tracer, spec)[layer], over);
  const mirrored = (name: string, percent: number): Case => {
    const requestMirror = { backendRef: { name: "shadow" }, percent };
    const filters = [{ type: "RequestMirror", requestMirror }];
    return around(`policy: ${name}`, outboundLayers(tracer, {}, undefined, filters).mirror);
  };
  return [
    leaf(),
    outbound("timeouts, request", "deadline", { timeouts: { request: "10s" } }),
    outbound("timeouts, backendRequest", "attemptDeadline", { timeouts: { backendRequest: "5s" } }),
    around(RETRY, outboundLayers(tracer, {}).retry),
    outbound("retry, with codes", "retry", { retry: { codes: [502, 503] } }),
    outbound("retryBudget, on top of retry", "retry", { retryBudget: { percent: 10 } }, RETRY),
    outbound("hedge, after a fixed time", "hedge", { hedge: { delay: "1s" } }),
    outbound("hedge, after the usual time", "hedge", { hedge: { percentile: 95 } }),
    ...balanceCases(tracer),
    outbound("breaker, by failures in a row", "balance", { breaker: {} }, BALANCED),
    outbound(
      "breaker, by success rate",
      "balance",
      { breaker: { ...NO_BREAKER, successRate: {} } },
      BALANCED,
    ),
    outbound("breaker, of the service", "breakService", { breaker: { service: {} } }),
    outbound("park", "park", { park: {} }),
    outbound("limits, maxPending", "limitPending", { limits: { maxPending: 1000 } }),
    outbound("faults, one for other calls", "injectFaults", {
      faults: [{ ...FAULT, matches: [{ headers: [{ name: "x-chaos", value: "1" }] }] }],
    }),
    outbound("faults, one with a percent of 0", "injectFaults", {
      faults: [{ delay: { percent: 0, duration: "1s" } }],
    }),
    mirrored("mirror, no call is copied", 0),
    mirrored("mirror, every call is copied", 100),
    ...(await ownPolicyCases()),
  ];
}
