import { type Recorder, record } from "../observe/record.ts";
import { deadline } from "../policy/deadline.ts";
import { limitPending } from "../policy/limit-pending.ts";
import { type RetryOptions, retryUndelivered } from "../policy/retry-undelivered.ts";
import { type BrokerWatch, waitForBroker } from "../policy/wait-for-broker.ts";
import type { Service } from "../stack/call.ts";
import { rescue, stack } from "../stack/stack.ts";
import type { Sweep } from "../stack/sweep.ts";

export interface OutboundParts {
  readonly recorder: Recorder;
  readonly sweep: Sweep;
  readonly maxPending: number;
  readonly retry: RetryOptions | undefined;
  readonly broker: BrokerWatch;
  /** How long a call waits for a broker that is away; 0 to fail at once. */
  readonly brokerWaitMs: number;
  readonly reportBug: (error: unknown) => void;
  /** One attempt over the bus. */
  readonly send: Service;
}

/** What happens to a call on its way out, outermost first. */
export const compileOutbound = (parts: OutboundParts): Service =>
  stack(
    // Around everything that may throw, so that a bug costs one call and not the sidecar.
    rescue(parts.reportBug),
    // Sees each call once, with all its attempts.
    record("client", parts.recorder),
    // Before anything waits: waiting costs memory.
    limitPending(parts.maxPending),
    // One clock for the whole call: attempts, back-off and waits are all inside.
    deadline(parts.sweep),
    parts.brokerWaitMs > 0 ? waitForBroker(parts.broker, parts.brokerWaitMs, parts.sweep) : undefined,
    // Each attempt asks the broker afresh for an instance.
    parts.retry && retryUndelivered(parts.retry, parts.sweep),
  )(parts.send);
