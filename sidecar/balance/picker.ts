import type { Call } from "../stack/call.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * Chooses who gets a call: a snapshot that never changes, and is replaced at each change of the endpoints or their
 * states. It answers in nanoseconds, and begins nothing.
 */
export interface Picker {
  /**
   * @param now ms of the monotonic clock
   * @returns undefined to leave it to the broker's queue group
   */
  pick(call: Call, now: number): Endpoint | undefined;
}

/** A policy: makes the picker of some endpoints that may all be used. What it remembers outlives its pickers. */
export type PickerOf = (endpoints: readonly Endpoint[]) => Picker;

/** For a service of which no instance is known: the broker chooses. */
export const NOBODY: Picker = { pick: () => undefined };

/** One of two or more at random, but not that at `not`; -1 for any. */
export function drawn(count: number, not: number, random: () => number): number {
  if (not < 0) return Math.floor(random() * count);
  const at = Math.floor(random() * (count - 1));
  return at < not ? at : at + 1;
}
