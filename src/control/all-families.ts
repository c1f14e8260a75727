import { Catalog } from "../registry/catalog.ts";
import { systemClock } from "../registry/clock.ts";
import { Drops } from "../registry/drops.ts";
import type { Family } from "../telemetry/family.ts";
import { createMetrics } from "../telemetry/metrics.ts";
import { processFamilies } from "../telemetry/process-families.ts";
import { brokerFamilies } from "./broker/families.ts";
import { registryFamilies } from "./registry-families.ts";
import { federated } from "./signals/http/families.ts";
import { SignalBook } from "./signals/signal-book.ts";

/** All that a sidecar, and a registry, can show to Prometheus. */
export function allFamilies(): Readonly<Record<"sidecar" | "istio" | "registry", readonly Family[]>> {
  const sidecar = createMetrics({ service: "", instance: "", version: "" });
  const silent = { info() {}, warn() {}, error() {} };
  return {
    sidecar: sidecar.families("weft"),
    istio: sidecar.families("istio"),
    registry: [
      ...federated(new SignalBook(systemClock)),
      ...registryFamilies(new Catalog(systemClock), new Drops(silent, systemClock.now), () => ({
        kind: "unknown",
      })),
      ...brokerFamilies(() => []),
      ...processFamilies(),
    ],
  };
}
