import type { ServiceRouting } from "../src/control/service-routing.ts";

/** How long the first call to a service, or of one, waits for its policy while a registry is to be expected. */
export const POLICY_WAIT_MS = 1000;

/** As much of the table of policies as both sides of a sidecar need. */
export interface PolicySource {
  /** Undefined while it is not known. */
  get(service: string): ServiceRouting | undefined;
  /** Resolves when it is known, or when waiting is of no use. */
  whenKnown(service: string, waitMs: number): Promise<void>;
  onChange(listener: (service: string) => void): () => void;
}

/** The same, for the policy of the service itself. */
export interface OwnPolicySource extends PolicySource {
  /** There is one, and it could not be read: that is not as if there were none. */
  isWithheld(service: string): boolean;
}
