import type { Call, Layer } from "../stack/call.ts";
import { failed } from "../stack/outcome.ts";

/**
 * Tells a backend that does not exist from one that has no instance at the moment: the standard wants 500 for the share
 * of the first (HTTPRouteRule.backendRefs), and 503 for the other.
 */
export const nameUnknown =
  (isUnknown: (call: Call) => boolean): Layer =>
  (inner) =>
  async (call) => {
    const outcome = await inner(call);
    const nobody = outcome.kind === "failed" && outcome.code === "no-instance";
    if (!nobody || !isUnknown(call)) return outcome;
    const version = call.target.kind === "version" ? ` in version ${call.target.version}` : "";
    return failed("unknown-backend", "no", `the mesh has never seen ${call.callee}${version}`);
  };
