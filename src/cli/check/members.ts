import { nameOf } from "../../identity/trust/rotation/stragglers.ts";
import { age } from "../get/rows.ts";
import { type Check, type Finding, ok, warn } from "./check.ts";

interface Named {
  readonly service: string;
  readonly instance: string;
}

interface Instances {
  readonly instances: readonly (Named & { readonly state: string; readonly lastSeen: string })[];
}

interface Sidecars {
  readonly revision: number;
  readonly sidecars: readonly (Named & { readonly lagging: boolean })[];
}

/** Instances that went without a word, or whose app is not healthy. */
export const instances: Check = {
  what: "instances",
  asks: "registry",
  async run({ up, ask, now }) {
    if (up === undefined) return [];
    const { instances: all } = await ask<Instances>("/v1/instances");
    const bad = all.flatMap((one): Finding[] => {
      if (one.state === "silent") {
        const says = `${nameOf(one)} is silent for ${age(now - Date.parse(one.lastSeen))}`;
        const cure = "it died, or is cut off from the broker: does it run, and what does its log say?";
        return [warn("instances", says, cure)];
      }
      if (one.state !== "down") return [];
      const says = `the app of ${nameOf(one)} is not healthy`;
      return [warn("instances", says, "look at the app's own log, and at /ready of its sidecar")];
    });
    if (bad.length > 0) return bad;
    const healthy = all.filter(({ state }) => state === "up").length;
    return [ok("instances", `${healthy} up, and none is missing`)];
  },
};

/** Sidecars that do not run the policy in force. */
export const policy: Check = {
  what: "policy",
  asks: "registry",
  async run({ up, ask }) {
    if (up === undefined) return [];
    const { revision, sidecars } = await ask<Sidecars>("/v1/sidecars");
    const lagging = sidecars.filter((one) => one.lagging);
    if (lagging.length === 0) return [ok("policy", `all sidecars run revision ${revision}`)];
    const some = lagging.slice(0, 3).map(nameOf).join(", ");
    const says = `${lagging.length} of ${sidecars.length} sidecars do not run revision ${revision}: ${some}`;
    return [
      warn("policy", says, "a change takes a second; later, weft get sidecars and their logs tell more"),
    ];
  },
};
