import type { Finding } from "../../resources/finding.ts";
import { found, isRoute, type Judged } from "./judged.ts";
import { redirectIn } from "./places.ts";

/** Rules whose calls can go nowhere: the standard answers them with 500 (HTTPRouteRule.backendRefs, HTTPBackendRef.weight). */
export const weights = (set: readonly Judged[]): Finding[] =>
  set.filter(isRoute).flatMap((one) =>
    one.resource.spec.rules.flatMap((rule, i): Finding[] => {
      const { backendRefs = [] } = rule;
      if (redirectIn(rule) !== undefined || backendRefs.some(({ weight }) => weight > 0)) return [];
      if (backendRefs.length === 0)
        return [found("no-backend", one, `spec.rules[${i}]`, "the rule sends calls nowhere")];
      return [found("no-weight", one, `spec.rules[${i}].backendRefs`, "every backend has the weight 0")];
    }),
  );
