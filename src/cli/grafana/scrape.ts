/** What Prometheus is to scrape. */
export interface Targets {
  /** `host:port` of the registry's HTTP API. */
  readonly registry: string;
  /** `host:port` of the admin listeners of sidecars and gateways, if they are to be scraped as well. */
  readonly sidecars: readonly string[];
}

/** In both, and right in both: of each process its own. */
const OF_A_PROCESS = /^(?:process|nodejs)_/;

/**
 * The scrape configuration, as Prometheus reads it. What the registry and sidecars both have is taken from the registry
 * alone, so that a sum counts it once.
 * @param families what each of the two can show, by name
 */
export function scrapeConfig(
  { registry, sidecars }: Targets,
  families: Readonly<Record<"registry" | "sidecar", readonly { name: string; type: string }[]>>,
): object {
  const ofRegistry = new Set(families.registry.map(({ name }) => name));
  const twice = families.sidecar
    .filter(({ name }) => ofRegistry.has(name) && !OF_A_PROCESS.test(name))
    .map(({ name, type }) => (type === "histogram" ? `${name}_(bucket|count|sum)` : name));
  return {
    global: { scrape_interval: "5s", evaluation_interval: "5s" },
    rule_files: ["alerts.yaml"],
    scrape_configs: [
      { job_name: "weft", metrics_path: "/v1/metrics", static_configs: [{ targets: [registry] }] },
      ...(sidecars.length === 0
        ? []
        : [
            {
              job_name: "weft-sidecars",
              static_configs: [{ targets: [...sidecars] }],
              metric_relabel_configs: [
                { source_labels: ["__name__"], regex: twice.join("|"), action: "drop" },
              ],
            },
          ]),
    ],
  };
}
