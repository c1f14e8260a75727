import type { PickerOf } from "./picker.ts";
import type { StandsBack } from "./slow-start.ts";
import { cheaperOfTwo } from "./two-choices.ts";

/**
 * What takes less counts as this: such differences are the machine's noise. Then the calls under way decide, and where
 * there are none, chance; else all calls of a quiet caller would go to one instance.
 */
const NOISE_MS = 5;

/** Of two the one that is likely to answer first: calls under way times latency (Finagle's and Linkerd's peak EWMA). */
export const peakEwma = (standsBack: StandsBack, random: () => number): PickerOf =>
  cheaperOfTwo(
    ({ outstanding, latency }, now) => (outstanding + 1) * Math.max(latency.at(now), NOISE_MS),
    standsBack,
    random,
  );
