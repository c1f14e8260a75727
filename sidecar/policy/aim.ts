import type { Call, Layer } from "../stack/call.ts";

/** Sends calls where a rule wants them, whatever the caller named. */
export const aim =
  (callee: string, target: Call["target"]): Layer =>
  (inner) =>
  (call) => {
    call.callee = callee;
    call.target = target;
    call.version = target.kind === "version" ? target.version : "";
    return inner(call);
  };
