import type { PickerOf } from "./picker.ts";
import type { StandsBack } from "./slow-start.ts";
import { cheaperOfTwo } from "./two-choices.ts";

/** Of two the one with fewer calls under way (Envoy's LEAST_REQUEST). */
export const leastLoaded = (standsBack: StandsBack, random: () => number): PickerOf =>
  cheaperOfTwo(({ outstanding }) => outstanding, standsBack, random);
