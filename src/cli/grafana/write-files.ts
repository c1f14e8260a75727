import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { allFamilies } from "../../control/all-families.ts";
import { alertRules } from "../../telemetry/grafana/alerts.ts";
import { DASHBOARDS } from "../../telemetry/grafana/dashboards.ts";
import { grafanaJson } from "../../telemetry/grafana/panel.ts";
import { readUp } from "../up/record.ts";
import type { GrafanaFlags } from "../verbs/grafana.ts";
import { scrapeConfig, type Targets } from "./scrape.ts";

/** The registry of a `weft up` with its usual ports. */
const REGISTRY = "http://127.0.0.1:4281";

/** Everything that people with Prometheus and Grafana need, by file. */
export function observeFiles(targets: Targets): ReadonlyMap<string, string> {
  const yaml = (data: object) => stringify(data, { lineWidth: 0 });
  return new Map([
    ...DASHBOARDS.map((one): [string, string] => [
      `${one.uid}.json`,
      `${JSON.stringify(grafanaJson(one), null, 2)}\n`,
    ]),
    ["alerts.yaml", yaml(alertRules())],
    ["prometheus.yaml", `${NOTE}${yaml(scrapeConfig(targets, allFamilies()))}`],
  ]);
}

/** @throws Error when the folder cannot be written */
export function writeFiles({ out, state, registry, sidecar = [] }: GrafanaFlags): void {
  const url = new URL(registry ?? readUp(resolve(state))?.registry.url ?? REGISTRY);
  const sidecars = sidecar.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`);
  mkdirSync(out, { recursive: true });
  for (const [name, text] of observeFiles({ registry: url.host, sidecars })) {
    writeFileSync(join(out, name), text);
    process.stdout.write(`${join(out, name)}\n`);
  }
}

const NOTE = `# The registry has what all sidecars report, every 5 s, and the broker. What each sidecar alone knows (METRICS.md), such as
# whether it is cut off from the broker, is at its admin listener: weft grafana --sidecar HOST:PORT adds it to the scrape.
# There, ?view=istio has calls in Istio's names (params: { view: [istio] }, in a job of its own).
`;
