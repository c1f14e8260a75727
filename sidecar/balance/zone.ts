import type { Endpoint } from "./endpoint.ts";
import type { PickerOf } from "./picker.ts";

/** A zone takes all of its calls while seven in ten of its endpoints are usable. Envoy's overprovisioning factor. */
const OVERPROVISIONING = 1.4;

/** Part of the calls that stay in a zone. */
const shareOfZone = (usable: number, known: number): number =>
  known === 0 ? 0 : Math.min(1, (OVERPROVISIONING * usable) / known);

/**
 * Keeps calls in the caller's zone while enough of its endpoints are usable; as they get fewer, more calls spill to the
 * others, evenly, so that those that are left do not take the load of all (Envoy's priority load).
 * @param knownNear endpoints of the zone, usable or not
 * @param near policy for the zone; @param far for the others
 */
export const preferZone =
  (zone: string, knownNear: number, near: PickerOf, far: PickerOf, random: () => number): PickerOf =>
  (endpoints) => {
    const isNear = (endpoint: Endpoint): boolean => endpoint.zone === zone;
    const here = endpoints.filter(isNear);
    if (here.length === 0) return far(endpoints);
    if (here.length === endpoints.length) return near(endpoints);
    const inZone = near(here);
    const share = shareOfZone(here.length, knownNear);
    if (share === 1) return inZone;
    const elsewhere = far(endpoints.filter((endpoint) => !isNear(endpoint)));
    return { pick: (call, now) => (random() < share ? inZone : elsewhere).pick(call, now) };
  };
