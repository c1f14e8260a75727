import type { PickerOf } from "./picker.ts";
import type { StandsBack } from "./slow-start.ts";

/**
 * One after the other. It begins anywhere: callers that start together shall not go round together. Further attempts
 * have a round of their own: with two instances, and two attempts a call, all first ones would go to the same.
 */
export function roundRobin(standsBack: StandsBack, random: () => number): PickerOf {
  // Outlives the snapshots, so that a change does not send everybody to the first again.
  const first = { turn: Math.floor(random() * 0x1_0000) };
  const further = { ...first };
  return (endpoints) => ({
    pick({ attempt }, now) {
      const count = endpoints.length;
      if (count === 0) return undefined;
      const round = attempt > 1 ? further : first;
      round.turn = (round.turn + 1) % 0x1000_0000;
      const endpoint = endpoints[round.turn % count]!;
      if (count === 1 || !standsBack(endpoint, now)) return endpoint;
      const next = endpoints[(round.turn + 1) % count]!;
      // When both are new, neither has to.
      if (standsBack(next, now)) return endpoint;
      round.turn++;
      return next;
    },
  });
}
