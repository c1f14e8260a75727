import type { Code } from "../../src/protocol/code.ts";

/** Whether an attempt ends because time is used up: the call's, or its own. */
export const isTime = (code: Code): boolean => code === "deadline" || code === "attempt-timeout";

/** To the callee it is the same whose time is over, and a sidecar of the version before knows only the one word. */
export const toldAs = (code: Code): Code => (code === "attempt-timeout" ? "deadline" : code);
