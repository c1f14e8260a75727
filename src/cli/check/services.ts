import { askRegistry } from "../get/ask.ts";
import type { Graph } from "../signals/rows.ts";
import { type Check, ok, warn } from "./check.ts";

const MOST = 8;

/** Services whose calls fail or take long, as the registry judges the last minute. Instances are told by themselves. */
export const services: Check = {
  what: "services",
  async run({ up }) {
    if (up === undefined) return [];
    const { nodes } = await askRegistry<Graph>(up.registry.url, "/v1/graph?window=1m");
    const bad = nodes.filter(({ health }) => health !== "ok" && health !== "idle");
    if (bad.length === 0) return [ok("services", `${nodes.length}, and the calls to none fail or are slow`)];
    const told = bad
      .slice(0, MOST)
      .map(({ service, health, why = "" }) =>
        warn(
          "services",
          `${service} is ${health}: ${why}`,
          `weft edges ${service} shows whose calls, and why`,
        ),
      );
    const rest = bad.length - told.length;
    return rest === 0
      ? told
      : [...told, warn("services", `${rest} more are not well`, "weft stat lists all")];
  },
};
