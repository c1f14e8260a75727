import { type Recorder, record } from "../observe/record.ts";
import { deadline } from "../policy/deadline.ts";
import type { Gate, Layer, Service } from "../stack/call.ts";
import { admit, rescue, stack } from "../stack/stack.ts";
import type { Sweep } from "../stack/sweep.ts";
import { introduce } from "./introduce.ts";
import type { OwnLimits } from "./own-limits.ts";

export interface InboundParts {
  readonly recorder: Recorder;
  readonly sweep: Sweep;
  /** Looks at the tokens of end users; absent when nobody asks for any. */
  readonly authenticate: Layer | undefined;
  /** Who may call; undefined when everybody may. */
  readonly authorize: Gate | undefined;
  readonly own: Pick<OwnLimits, "gates" | "concurrency">;
  readonly reportBug: (error: unknown) => void;
  /** The app of this instance. */
  readonly app: Service;
}

/** What happens to a call on its way in, outermost first. */
export function compileInbound(parts: InboundParts): Service {
  // Who may not call uses up nobody's rate. Rates before places: what is above its rate must not take one.
  const gates = [...(parts.authorize ? [parts.authorize] : []), ...parts.own.gates];
  return stack(
    rescue(parts.reportBug),
    record("server", parts.recorder),
    // The time that the caller has left: work that nobody waits for any more is cancelled in the app.
    deadline(parts.sweep),
    // Within the deadline, because keys may have to be fetched; before all that asks who the end user is.
    parts.authenticate,
    gates.length > 0 ? admit(...gates) : undefined,
    // Within the deadline, so that nobody waits for a place longer than his caller waits for him.
    parts.own.concurrency.layer,
    // Last, so that the app reads what this sidecar knows and nobody else's word for it.
    introduce(parts.sweep),
  )(parts.app);
}
