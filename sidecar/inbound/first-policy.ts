import type { Say } from "../options.ts";
import type { OwnPolicySource } from "../policy-source.ts";

/** A registry that is heard answers well within this; a slow one is worth waiting for, as calls find other instances. */
const WAIT_MS = 5000;

export interface FirstPolicyOptions {
  readonly service: string;
  readonly policies: OwnPolicySource;
  /** The authority says that not everybody may call this service: then its policy is waited for, however long. */
  readonly guarded: boolean;
  readonly say: Say;
}

export interface FirstPolicy {
  /** Resolves when calls may be taken: the policy of the service is known, or it is right to go on without. */
  readonly known: Promise<void>;
  /** Stops waiting; `known` may then never resolve. */
  stop(): void;
}

/**
 * Waits for the policy of the service itself before its instance takes calls: one that lets everybody in for a moment
 * is worth little. Without a registry, and without a policy last known, only who is guarded goes on waiting: traffic
 * must not need the registry (design section 1).
 */
export function firstPolicy({ service, policies, guarded, say }: FirstPolicyOptions): FirstPolicy {
  let stop = (): void => {};
  const changed = new Promise<void>((resolve) => {
    stop = policies.onChange((one) => one === service && resolve());
  });
  const known = async (): Promise<void> => {
    await policies.whenKnown(service, WAIT_MS);
    if (policies.get(service) !== undefined) return;
    const isWithheld = policies.isWithheld(service);
    if (!isWithheld && !guarded) {
      say(
        "warn",
        `the policy of ${service} is not known: until a registry is heard, everybody may call it`,
        "policy-unknown",
      );
      return;
    }
    const why = isWithheld ? "cannot be read" : "is not known, and it says who may call";
    say(
      "warn",
      `${service} takes no calls yet: its policy ${why}; is a registry of this version running?`,
      "policy-awaited",
    );
    await changed;
  };
  return { known: known().finally(() => stop()), stop };
}
