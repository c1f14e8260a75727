import type { Code } from "../../src/protocol/code.ts";
import type { Outcome } from "../stack/outcome.ts";

/**
 * What the end of a call says of the one that was asked; `none` when it says nothing. `outrun`: it was given up, because
 * another instance that was asked later answered first. Once that is chance; each time it is one that hangs.
 */
export type Verdict = "success" | "failure" | "outrun" | "none";

/**
 * What the mesh holds against an instance. Not among them: what never reached the app, what the caller did (it left,
 * its request was bad), and the troubles of the bus or of this sidecar.
 */
const HELD_AGAINST: ReadonlySet<Code> = new Set([
  "app-reset",
  "app-protocol",
  "attempt-timeout",
  "deadline",
  "gone",
  "lost",
]);

/** Failures are those of Linkerd's failure accrual: 5xx by the app, resets, timeouts, gone with the call. */
export function verdictOf(outcome: Outcome): Verdict {
  if (outcome.kind === "replied") return outcome.status >= 500 ? "failure" : "success";
  if (outcome.kind === "refused" || outcome.delivered === "no") return "none";
  if (outcome.code === "outrun") return "outrun";
  return HELD_AGAINST.has(outcome.code) ? "failure" : "none";
}
