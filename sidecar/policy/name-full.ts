import type { Call, Layer } from "../stack/call.ts";

/** When to come again to instances that are at their limits, or about to leave. */
const TAKES_CALLS_SOON_MS = 1000;

/** The instances that a call may go to, as the caller's sidecar knows them. */
export interface Presence {
  /** On the mesh. */
  readonly up: number;
  /** One of them is at its limit, as far as can be told. */
  readonly isFull: boolean;
}

/**
 * Tells a service without instances from one whose instances take no calls: full ones leave their queue groups, so the
 * broker says the same of both, but who waits for an instance would wait for the wrong thing. Around all attempts: until
 * then both are met alike, by another attempt or by holding the call.
 */
export const nameFull =
  (presenceFor: (call: Call) => Presence): Layer =>
  (inner) =>
  async (call) => {
    const outcome = await inner(call);
    if (outcome.kind !== "failed" || outcome.code !== "no-instance") return outcome;
    const { up, isFull } = presenceFor(call);
    const wasFull = call.earlier?.some(({ code }) => code === "overloaded") ?? false;
    if (up === 0 && !wasFull) return outcome;
    const who = up <= 1 ? "the one instance" : `none of the ${up} instances`;
    const which = call.target.kind === "version" ? ` version ${call.target.version}` : "";
    const takes = up <= 1 ? "takes no calls" : "takes calls";
    return {
      ...outcome,
      code: isFull || wasFull ? "overloaded" : "no-instance",
      message: `${who} of ${call.callee}${which} ${takes} at the moment`,
      retryAfterMs: TAKES_CALLS_SOON_MS,
    };
  };
