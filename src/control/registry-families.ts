import type { Catalog } from "../registry/catalog.ts";
import type { Drops } from "../registry/drops.ts";
import type { Family } from "../telemetry/family.ts";
import type { WatchState } from "./access/authority-watch.ts";

/** What the registry itself knows, for Prometheus. @param authority whether it answers */
export function registryFamilies(catalog: Catalog, drops: Drops, authority: () => WatchState): Family[] {
  return [
    {
      name: "weft_instances",
      help: "Instances by state: up, down while the app is not healthy, or silent, for ten minutes, when one went without a word",
      type: "gauge",
      labels: ["weft_service", "weft_version", "state"],
      read: () => {
        const counts = new Map<string, number>();
        for (const [service, { instances }] of catalog.services)
          for (const { row, state } of instances.values()) {
            if (state === "left") continue;
            const key = JSON.stringify({ weft_service: service, weft_version: row.version, state });
            counts.set(key, (counts.get(key) ?? 0) + 1);
          }
        return [...counts].map(([key, value]) => ({ labels: JSON.parse(key), value }));
      },
    },
    {
      name: "weft_authority_up",
      help: "1 while the authority answers the registry, 0 when it does not: then no identity is given or renewed",
      type: "gauge",
      labels: [],
      read: () => {
        const { kind } = authority();
        return kind === "unknown" ? [] : [{ labels: {}, value: kind === "there" ? 1 : 0 }];
      },
    },
    {
      name: "weft_registry_dropped_total",
      help: "Messages and watchers that the registry did not act on, by reason",
      type: "counter",
      labels: ["kind"],
      read: () => Object.entries(drops.counts()).map(([kind, value]) => ({ labels: { kind }, value })),
    },
  ];
}
