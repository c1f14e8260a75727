import { allFamilies } from "../control/all-families.ts";
import { code, generated, table } from "../resources/markdown.ts";
import type { Family } from "../telemetry/family.ts";

/** The page of all metrics, in Markdown. */
export function metricsPage(): string {
  const { sidecar, istio, registry } = allFamilies();
  return `${[
    generated("Metrics", "the families of [this folder](.) and of [the registry](../control)"),
    "A label without a value is left out, which Prometheus reads as empty. A histogram has the label `le` besides. `instance` and `job` are Prometheus' own, of the target that it scraped.",
    "## A sidecar or a gateway: `/metrics` of its admin listener",
    rows(sidecar),
    "## The same calls in Istio's names: `/metrics?view=istio`",
    rows(istio),
    "## The registry: `/v1/metrics`",
    "All sidecars together, as they have reported since the registry's start; the broker; the registry itself.",
    rows(registry),
  ].join("\n\n")}\n`;
}

const rows = (families: readonly Family[]): string =>
  table(
    ["metric", "type", "labels", "meaning"],
    families.map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(" "), help]),
  );
