import type { Finding } from "../../resources/finding.ts";
import { found, isRoute, type Judged } from "./judged.ts";

/** Rules whose backends all have the weight 0 (HTTPBackendRef.weight: such calls are answered with 500). */
export const weights = (set: readonly Judged[]): Finding[] =>
  set.filter(isRoute).flatMap((one) =>
    one.resource.spec.rules.flatMap(({ backendRefs = [] }, i): Finding[] => {
      if (backendRefs.length === 0 || backendRefs.some(({ weight }) => weight > 0)) return [];
      return [found("no-weight", one, `spec.rules[${i}].backendRefs`, "every backend has the weight 0")];
    }),
  );
