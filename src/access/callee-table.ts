import type { MeshAuthorization } from "../resources/authorization.ts";
import type { ServicePolicy } from "../resources/service-policy.ts";
import type { CalleeEntry, CalleeTable } from "../subjects/callee-table.ts";
import { callersIn, mayEver, type RuleSet, ruleSetsOf } from "./rule-sets.ts";

/**
 * What the broker can enforce of all policies: who may send anything at all to whom. What is in shadow is left out, and
 * so is what depends on the request.
 */
export function calleeTable(
  policies: readonly ServicePolicy[],
  mesh: MeshAuthorization | undefined,
): CalleeTable {
  const byDefault = ruleSetsOf(undefined, mesh).enforced.byDefault.verdict;
  const entries = policies.flatMap(({ metadata, spec }): [string, CalleeEntry][] => {
    if (spec.authorization === undefined || spec.authorization.mode === "shadow") return [];
    const { enforced } = ruleSetsOf(spec.authorization, mesh);
    if (enforced.rules.length === 0 && enforced.byDefault.verdict === byDefault) return [];
    return [[metadata.name, entryOf(enforced)]];
  });
  return { default: byDefault, callees: Object.fromEntries(entries) };
}

function entryOf(set: RuleSet): CalleeEntry {
  const verdict = (caller: string | undefined) => (mayEver(set, caller) ? "allow" : "deny");
  const others = verdict(undefined);
  return { others, except: [...callersIn(set)].filter((caller) => verdict(caller) !== others).sort() };
}
