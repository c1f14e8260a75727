import type { MeshAuthorization } from "../resources/authorization.ts";
import type { HttpRoute } from "../resources/http-route.ts";
import type { ServicePolicy } from "../resources/service-policy.ts";

/** What one sidecar is told of one service that it calls or serves. Frozen, and the same object until it changes. */
export interface ServiceRouting {
  readonly service: string;
  /** Revision at which something for this service last changed; 0 when there is nothing for it. */
  readonly revision: number;
  /** Oldest first, then by namespace and name: the order in which the standard settles ties. */
  readonly routes: readonly HttpRoute[];
  readonly policy?: ServicePolicy;
  /** What holds for every service; absent when nothing does, or the registry is of an earlier version. */
  readonly mesh?: MeshRouting;
}

/** Fields that a sidecar does not know are passed over, so that a registry may be newer. */
export interface MeshRouting {
  readonly authorization?: MeshAuthorization;
}
