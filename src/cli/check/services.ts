import type { Graph } from "../signals/rows.ts";
import { type Check, type Finding, ok, warn } from "./check.ts";

const MOST = 8;

/** Services whose calls fail or take long, as the registry judges the last minute. Instances are told by themselves. */
export const services: Check = {
  what: "services",
  asks: "registry",
  async run({ up, ask }) {
    if (up === undefined) return [];
    const { nodes, full } = await ask<Graph>("/v1/graph?window=1m");
    const bad = nodes.filter(({ health, isServed }) => health !== "ok" && health !== "idle" && isServed);
    const unserved = nodes.filter(({ isServed }) => !isServed).map(({ service }) => service);
    const more: Finding[] = [];
    if (unserved.length > 0) {
      const says = `nobody serves ${unserved.slice(0, 3).join(", ")}${unserved.length > 3 ? " and others" : ""}`;
      more.push(
        warn(
          "services",
          `${says}, and calls are made to it`,
          "weft edges shows whose: is it down, or mistyped?",
        ),
      );
    }
    if (full.all || full.services.length > 0) {
      const whose = full.all ? "" : ` of ${full.services.slice(0, 3).join(", ")}`;
      more.push(
        warn(
          "services",
          `the registry keeps no more edges${whose}`,
          "they report more than there is room for",
        ),
      );
    }
    if (bad.length === 0 && more.length === 0)
      return [ok("services", `${nodes.length}, and the calls to none fail or are slow`)];
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
    if (rest > 0) more.push(warn("services", `${rest} more are not well`, "weft stat lists all"));
    return [...told, ...more];
  },
};
