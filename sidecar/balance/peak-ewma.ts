import type { PickerOf } from "./picker.ts";
import type { StandsBack } from "./slow-start.ts";
import { cheaperOfTwo } from "./two-choices.ts";

/** Added to each latency: differences below are the mesh's own noise, and then the calls under way decide. */
const NOISE_MS = 1;

/** Of two the one that is likely to answer first: calls under way times latency (Finagle's and Linkerd's peak EWMA). */
export const peakEwma = (standsBack: StandsBack, random: () => number): PickerOf =>
  cheaperOfTwo(
    ({ outstanding, latency }, now) => (outstanding + 1) * (latency.at(now) + NOISE_MS),
    standsBack,
    random,
  );
