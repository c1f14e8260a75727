import type { Graph } from "../signals/rows.ts";
import { type Check, type Finding, ok, warn } from "./check.ts";
import { failingEdges } from "./failing-edges.ts";

const MOST = 8;

/** Services whose calls fail or take long, as the registry judges the last minute. Instances are told by themselves. */
export const services: Check = {
  what: "services",
  asks: "registry",
  async run({ up, ask }) {
    if (up === undefined) return [];
    const graph = await ask<Graph>("/v1/graph?window=1m");
    const found = [...unwell(graph), ...failingEdges(graph, MOST), ...unserved(graph), ...full(graph)];
    if (found.length > 0) return found;
    return [ok("services", `${graph.nodes.length}, and the calls to none fail or are slow`)];
  },
};

function unwell({ nodes }: Graph): Finding[] {
  const bad = nodes.filter(({ health, isServed }) => health !== "ok" && health !== "idle" && isServed);
  const told = bad
    .slice(0, MOST)
    .map(({ service, health, why = "" }) =>
      warn("services", `${service} is ${health}: ${why}`, `weft edges ${service} shows whose calls, and why`),
    );
  const rest = bad.length - told.length;
  return rest > 0 ? [...told, warn("services", `${rest} more are not well`, "weft stat lists all")] : told;
}

function unserved({ nodes }: Graph): Finding[] {
  const names = nodes.filter(({ isServed }) => !isServed).map(({ service }) => service);
  if (names.length === 0) return [];
  const says = `nobody serves ${names.slice(0, 3).join(", ")}${names.length > 3 ? " and others" : ""}`;
  return [
    warn("services", `${says}, and calls are made to it`, "weft edges shows whose: is it down, or mistyped?"),
  ];
}

function full({ full: { all, services } }: Graph): Finding[] {
  if (!all && services.length === 0) return [];
  const whose = all ? "" : ` of ${services.slice(0, 3).join(", ")}`;
  return [
    warn("services", `the registry keeps no more edges${whose}`, "they report more than there is room for"),
  ];
}
