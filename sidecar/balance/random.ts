import { drawn, type PickerOf } from "./picker.ts";
import type { StandsBack } from "./slow-start.ts";

/** Each with the same chance. */
export const randomly =
  (standsBack: StandsBack, random: () => number): PickerOf =>
  (endpoints) => ({
    pick(_call, now) {
      const count = endpoints.length;
      if (count === 0) return undefined;
      const first = drawn(count, -1, random);
      const endpoint = endpoints[first]!;
      if (count === 1 || !standsBack(endpoint, now)) return endpoint;
      const other = endpoints[drawn(count, first, random)]!;
      return standsBack(other, now) ? endpoint : other;
    },
  });
