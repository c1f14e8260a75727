import type { Catalog } from "../../registry/catalog.ts";
import { upRows } from "../../registry/known-service.ts";
import type { Sidecars } from "../sidecars.ts";

/** What is known of the services of the mesh. */
export interface World {
  /** Every version ever seen; undefined for a service that never was. */
  versionsOf(service: string): ReadonlySet<string> | undefined;
  /** Whether some instance may be called now. */
  isUp(service: string, version: string | undefined): boolean;
  services(): readonly string[];
  /** Whether a sidecar without an app is there under this name now: a gateway, or somebody who only calls. */
  isCaller(service: string): boolean;
}

export const worldOf = (catalog: Catalog, callers: Pick<Sidecars, "hasCaller">): World => ({
  versionsOf(service) {
    const known = catalog.services.get(service);
    return known && new Set(known.versions.keys());
  },
  isUp: (service, version) =>
    upRows(catalog.services.get(service)).some((row) => version === undefined || row.version === version),
  services: () => [...catalog.services.keys()],
  isCaller: (service) => callers.hasCaller(service),
});
