import type { ServiceRouting } from "../src/control/service-routing.ts";

/** As much of the table of policies as both sides of a sidecar need. */
export interface PolicySource {
  /** Undefined while it is not known. */
  get(service: string): ServiceRouting | undefined;
  /** Resolves when it is known, or when waiting is of no use. */
  whenKnown(service: string, waitMs: number): Promise<void>;
  onChange(listener: (service: string) => void): () => void;
}
