import type { Endpoint } from "./endpoint.ts";
import { drawn, type PickerOf } from "./picker.ts";
import type { StandsBack } from "./slow-start.ts";

/**
 * The cheaper of two drawn at random (Mitzenmacher, "The power of two choices"): nearly as good as the cheapest of all,
 * and callers that know the same do not all run to the same one.
 */
export const cheaperOfTwo =
  (
    cost: (endpoint: Endpoint, now: number) => number,
    standsBack: StandsBack,
    random: () => number,
  ): PickerOf =>
  (endpoints) => ({
    pick(_call, now) {
      const count = endpoints.length;
      if (count <= 1) return endpoints[0];
      const first = drawn(count, -1, random);
      const a = endpoints[first]!;
      const b = endpoints[drawn(count, first, random)]!;
      const backs = standsBack(a, now);
      // When both are new, neither has to.
      if (backs !== standsBack(b, now)) return backs ? b : a;
      // Else one that had failed slowly would look dear for a minute after its penalty.
      if (a.wantsProbe(now)) return a;
      if (b.wantsProbe(now)) return b;
      return cost(a, now) <= cost(b, now) ? a : b;
    },
  });
