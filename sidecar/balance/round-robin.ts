import type { PickerOf } from "./picker.ts";
import type { StandsBack } from "./slow-start.ts";

/** One after the other. It begins anywhere: callers that start together shall not go round together. */
export function roundRobin(standsBack: StandsBack, random: () => number): PickerOf {
  // Outlives the snapshots, so that a change does not send everybody to the first again.
  let turn = Math.floor(random() * 0x1_0000);
  return (endpoints) => ({
    pick(_call, now) {
      const count = endpoints.length;
      if (count === 0) return undefined;
      turn = (turn + 1) % 0x1000_0000;
      const endpoint = endpoints[turn % count]!;
      if (count === 1 || !standsBack(endpoint, now)) return endpoint;
      const next = endpoints[(turn + 1) % count]!;
      // When both are new, neither has to.
      if (standsBack(next, now)) return endpoint;
      turn++;
      return next;
    },
  });
}
