import type { Code } from "../../src/protocol/code.ts";

/** Whether an attempt ends because time is used up: the call's, or its own. */
export const isTime = (code: Code): boolean => code === "deadline" || code === "attempt-timeout";

/** To the callee it is the same why nobody waits any more, and a sidecar of the version before knows only these words. */
export function toldAs(code: Code): Code {
  if (code === "attempt-timeout") return "deadline";
  return code === "outrun" ? "cancelled" : code;
}
