import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { alertRules } from "../../telemetry/grafana/alerts.ts";
import { DASHBOARDS } from "../../telemetry/grafana/dashboards.ts";
import { grafanaJson } from "../../telemetry/grafana/panel.ts";

/** The registry of a `weft up` with its usual ports. */
const REGISTRY = "127.0.0.1:4281";

/** Everything that people with Prometheus and Grafana need, by file. */
export function observeFiles(registry = REGISTRY): ReadonlyMap<string, string> {
  return new Map([
    ...DASHBOARDS.map((one): [string, string] => [
      `${one.uid}.json`,
      `${JSON.stringify(grafanaJson(one), null, 2)}\n`,
    ]),
    ["alerts.yaml", stringify(alertRules(), { lineWidth: 0 })],
    ["prometheus.yaml", SCRAPE(registry)],
  ]);
}

/** @throws Error when the folder cannot be written */
export function writeFiles(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of observeFiles()) {
    writeFileSync(join(folder, name), text);
    process.stdout.write(`${join(folder, name)}\n`);
  }
}

const SCRAPE = (registry: string): string => `global:
  scrape_interval: 5s
rule_files: [alerts.yaml]
scrape_configs:
  # A small mesh: all of it at the registry. It has what sidecars report every 5 s.
  - job_name: weft
    metrics_path: /v1/metrics
    static_configs: [{ targets: ["${registry}"] }]
  # A large mesh, or for what the registry does not have (METRICS.md): each sidecar, by its admin address (--admin). Their
  # counters are those of the registry once more, so keep one of the two out of a sum: drop the job above, or say job="weft".
  # - job_name: weft-sidecars
  #   static_configs: [{ targets: ["127.0.0.1:15000"] }]
  # In Istio's names:
  # - job_name: weft-istio
  #   params: { view: [istio] }
  #   static_configs: [{ targets: ["127.0.0.1:15000"] }]
`;
