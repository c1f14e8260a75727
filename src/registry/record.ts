import type { KnownService, Seen } from "./known-service.ts";
import { upRows } from "./known-service.ts";
import type { InstanceRow } from "./wire.ts";

/** What of one service outlives the registry: that it exists, its versions, and which instances were up. */
export interface ServiceRecord extends Readonly<Seen> {
  readonly service: string;
  readonly versions: readonly (Readonly<Seen> & { readonly version: string })[];
  readonly instances: readonly InstanceRow[];
}

export const recordOf = (service: KnownService): ServiceRecord => ({
  service: service.name,
  firstSeen: service.firstSeen,
  lastSeen: service.lastSeen,
  versions: [...service.versions].map(([version, seen]) => ({ version, ...seen })),
  instances: upRows(service),
});
