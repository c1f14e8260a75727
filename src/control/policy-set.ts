import type { ServiceRouting } from "./service-routing.ts";

/** Hears which services' routing changed, all that have any when the set was loaded or replaced; undefined for every service. */
export type PolicyListener = (services: readonly string[] | undefined) => void;

/** The policy of the mesh as this registry last read it, for those who tell sidecars. */
export interface PolicySet {
  /** False until the store was read: then nothing may be said about policy, as it would be taken for "none". */
  readonly loaded: boolean;
  /** Made with the store's first record; another one means another history. Empty until loaded. */
  readonly lineage: string;
  /** Counts the changes of the whole set in this lineage; 0 for the empty set at its start. */
  readonly revision: number;
  /** Frozen, and the same object until something changes for this service. */
  routingOf(service: string): ServiceRouting;
  /** @returns the way to stop */
  onChange(listener: PolicyListener): () => void;
}
