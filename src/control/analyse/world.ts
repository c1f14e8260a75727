import type { Catalog } from "../../registry/catalog.ts";
import { upRows } from "../../registry/known-service.ts";

/** What is known of the services of the mesh. */
export interface World {
  /** Every version ever seen; undefined for a service that never was. */
  versionsOf(service: string): ReadonlySet<string> | undefined;
  /** Whether some instance may be called now. */
  isUp(service: string, version: string | undefined): boolean;
  services(): readonly string[];
}

export const worldOf = (catalog: Catalog): World => ({
  versionsOf(service) {
    const known = catalog.services.get(service);
    return known && new Set(known.versions.keys());
  },
  isUp: (service, version) =>
    upRows(catalog.services.get(service)).some((row) => version === undefined || row.version === version),
  services: () => [...catalog.services.keys()],
});
